// Placeholder until the room's first inhabitant.
