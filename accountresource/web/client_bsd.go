//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package web

import (
	"errors"

	"golang.org/x/sys/unix"
)

// closed reports whether the other end of a socket has closed it or broken it off, and all that it sent was read.
var closed = func(socket int) bool {
	var first [1]byte
	n, _, err := unix.Recvfrom(socket, first[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n == 0 || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE)
}
