package run

import (
	"time"

	"github.com/mailpanel/account-resource/backends"
)

// homes gives new mailboxes their mail directories, and never one that another mailbox has. That can only happen
// where the host's rule puts no time into the path: a renamed account keeps its directory, and whoever gets its old
// address must not read its mail.
type homes struct {
	storage backends.Storage
	now     time.Time
	taken   map[string]struct{} // nil where the time keeps directories apart
}

func newHomes(s backends.Storage, now time.Time) *homes {
	h := &homes{storage: s, now: now}
	if !s.AppendTimestamp {
		h.taken = make(map[string]struct{})
	}
	return h
}

func (h *homes) add(home string) {
	if h.taken != nil {
		h.taken[home] = struct{}{}
	}
}

func (h *homes) choose(address string) string {
	home := h.storage.Home(address, h.now)
	if _, taken := h.taken[home]; taken {
		apart := h.storage
		apart.AppendTimestamp = true
		home = apart.Home(address, h.now)
	}
	return home
}
