"""Programs made by chance: from any source of choices, out of the forms of the table, in a state that is known."""
