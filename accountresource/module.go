package accountresource

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/schedule"
	"github.com/mailpanel/account-resource/accountresource/web"
)

// SidebarEntry is the module's entry in the panel's navigation.
type SidebarEntry = web.SidebarEntry

// Module is the registered module.
type Module struct {
	pages    *web.Web
	schedule *schedule.Schedule
}

// SidebarEntry is the entry in the language of the request.
func (m *Module) SidebarEntry(c *fiber.Ctx) SidebarEntry { return m.pages.SidebarEntry(c) }

// Close ends the runs that are going on between two batches, and waits for them until ctx ends. The host calls it
// before it closes the database.
func (m *Module) Close(ctx context.Context) error { return m.schedule.Close(ctx) }
