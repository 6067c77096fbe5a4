"""Maps of the vm."""
