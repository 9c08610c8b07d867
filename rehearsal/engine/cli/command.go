//go:build tools

// Package engine pins Pulumi's command: `make engine` builds it from here, where it is not on PATH.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
