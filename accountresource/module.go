package accountresource

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/schedule"
	"github.com/mailpanel/account-resource/accountresource/store"
	"github.com/mailpanel/account-resource/accountresource/web"
)

// SidebarEntry is the module's entry in the panel's navigation.
type SidebarEntry = web.SidebarEntry

// Module is the registered module.
type Module struct {
	pages    *web.Web
	schedule *schedule.Schedule
	links    *store.Links
}

// Source says where an account comes from.
type Source struct {
	Resource int64  // whose pages are at <prefix>/<Resource>
	DN       string // where the directory had the object when it was last read
}

// Source tells which object of a directory an account follows, so that the host can mark it on its own pages; found is
// false for an account that is managed here alone.
func (m *Module) Source(ctx context.Context, address string) (s Source, found bool, err error) {
	link, found, err := m.links.Of(ctx, strings.ToLower(address))
	return Source{Resource: link.Resource, DN: link.DN}, found, err
}

// SidebarEntry is the entry in the language of the request.
func (m *Module) SidebarEntry(c *fiber.Ctx) SidebarEntry { return m.pages.SidebarEntry(c) }

// Close ends the runs that are going on between two batches, and waits for them until ctx ends. Pages that follow a run
// are let go of. The host calls it before it closes the database.
func (m *Module) Close(ctx context.Context) error {
	m.pages.Close()
	return m.schedule.Close(ctx)
}
