"""The errors this package raises on purpose.

None of them is a `ValueError`: rdklib turns a `ValueError` into a returned dictionary, and the Lambda
function would succeed with the old compliance left in place.
"""


class LandingZoneKeyError(Exception):
    """The base of every error of this package; never raised itself."""


class SettingsError(LandingZoneKeyError):
    """The rule parameters are wrong; the message lists every fault, one after the other."""


class KeyDataError(LandingZoneKeyError):
    """What should describe a KMS key does not: it names no key ARN, or is no configuration item."""
