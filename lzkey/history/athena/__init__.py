"""A key's events among years of an organization's logs: found by Amazon Athena, proved here."""
