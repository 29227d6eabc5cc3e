"""moto's own state: read, written, and given what AWS has and moto lacks."""
