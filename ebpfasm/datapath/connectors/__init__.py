"""Connectors: the devices that pods hang on, behind one interface."""
