"""What REST offers: one noun a file, its serializers and views together."""
