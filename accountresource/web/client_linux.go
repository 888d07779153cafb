package web

import "golang.org/x/sys/unix"

// closed reports whether the other end of a socket has closed it or broken it off, even where bytes wait to be read:
// TLS says good-bye before it closes.
var closed = func(socket int) bool {
	const over = unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR
	found := []unix.PollFd{{Fd: int32(socket), Events: over}} //nolint:gosec // a file descriptor
	n, err := unix.Poll(found, 0)
	return err == nil && n > 0 && found[0].Revents&over != 0
}
