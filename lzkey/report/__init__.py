"""The audit report over all accounts and Regions, with its gaps shown."""
