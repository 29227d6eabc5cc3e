"""A rule's function that reports nothing: it writes the event that AWS Config sent it into its log."""

import json


def lambda_handler(event, _context):
    """Print the event as one line."""
    print(json.dumps(event))
