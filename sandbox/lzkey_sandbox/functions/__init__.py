"""Lambda: deployed functions really run, and who may invoke them is decided."""
