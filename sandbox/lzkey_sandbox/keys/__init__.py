"""KMS: what moto's keys lack of it."""
