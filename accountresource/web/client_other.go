//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package web

// closed is nil: this system is not asked for clients that are gone.
var closed func(socket int) bool
