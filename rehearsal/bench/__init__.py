"""What the program costs: seconds and memory of preview and up under Pulumi's engine, beside a bare program of the same resources."""
