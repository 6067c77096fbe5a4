"""Connectors, with packets."""
