package web

import (
	"net"
	"syscall"
)

// watchable makes a function that reports whether the other end of a connection has closed it; nil where that cannot be
// told. fasthttp itself does not look at a connection while a handler works. Nothing is read from the connection, and its
// deadlines do not matter.
func watchable(conn net.Conn) func() bool {
	for {
		wrapped, ok := conn.(interface{ NetConn() net.Conn }) // TLS
		if !ok {
			break
		}
		conn = wrapped.NetConn()
	}
	raw, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	socket, err := raw.SyscallConn()
	if err != nil || closed == nil {
		return nil
	}
	return func() (gone bool) {
		err := socket.Control(func(fd uintptr) { gone = closed(int(fd)) })
		return gone || err != nil // closed here
	}
}
