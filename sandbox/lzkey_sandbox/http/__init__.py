"""What every service has in common: requests, answers, pages and faults, on the loopback interface."""
