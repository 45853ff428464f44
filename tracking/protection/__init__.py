"""What keeps the site answering under faults and hostile requests."""
