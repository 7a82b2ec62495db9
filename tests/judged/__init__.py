"""Profiles made so that every way of slicing and of limiting references occurs, resources right and with one fault each, and what HL7's
engine says of them."""
