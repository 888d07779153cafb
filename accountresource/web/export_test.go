package web

import "time"

// Hasten shortens the times of a test's pages; it must be called before anything is served.
func (w *Web) Hasten(heartbeat, writeTime time.Duration) {
	w.heartbeat, w.writeTime = heartbeat, writeTime
}
