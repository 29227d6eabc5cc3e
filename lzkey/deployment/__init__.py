"""The rule as a package, deployed by the real rdk, and read back: only what AWS says is believed."""
