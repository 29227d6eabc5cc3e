"""What AWS says of an account, an organization, a landing zone and the rule: the facts, and their faults."""
