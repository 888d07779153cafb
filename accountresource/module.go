package accountresource

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/schedule"
	"github.com/mailpanel/account-resource/accountresource/signin"
	"github.com/mailpanel/account-resource/accountresource/store"
	"github.com/mailpanel/account-resource/accountresource/watch"
	"github.com/mailpanel/account-resource/accountresource/web"
)

// SidebarEntry is the module's entry in the panel's navigation.
type SidebarEntry = web.SidebarEntry

// Module is the registered module.
type Module struct {
	pages     *web.Web
	schedule  *schedule.Schedule
	links     *store.Links
	resources *store.Resources
	prefix    string

	signIn  *signin.Service
	servers *directory.SignIn
	live    *watch.Service
	tokens  []string // of the mail server
}

// Source says where an account comes from.
type Source struct {
	Resource int64     // the account resource that keeps it in step
	ID       string    // of the object in the directory; it stays when the account gets another address
	Path     string    // of that resource's page
	DN       string    // where the directory had the object when it was last read
	Changed  time.Time // when a run last changed the account
	// Managed names what follows the directory: a change of it here is overwritten by the next change there. It is some
	// of active, name, first_name, last_name, employee_id, title, mobile and telephone for a mailbox, and some of name
	// and members for an alias.
	Managed []string
}

// Source tells which object of a directory an account follows, so that the host can mark it on its own pages; found is
// false for an account that is managed here alone.
func (m *Module) Source(ctx context.Context, address string) (s Source, found bool, err error) {
	address = strings.ToLower(address)
	link, found, err := m.links.OfAccount(ctx, address)
	if err != nil || !found {
		return Source{}, false, err
	}
	s = Source{Resource: link.Resource, ID: string(link.Source), DN: link.DN, Path: m.prefix + "/" + strconv.FormatInt(link.Resource, 10)}
	if s.Changed, err = m.links.Changed(ctx, address); err != nil {
		return Source{}, false, err
	}
	res, err := m.resources.Get(ctx, link.Resource)
	if errors.Is(err, resource.ErrNotFound) { // deleted at this moment
		return Source{}, false, nil
	}
	if err != nil {
		return Source{}, false, fmt.Errorf("read the resource of %s: %w", address, err)
	}
	s.Managed = managed(link.Kind, &res.Settings)
	return s, true, nil
}

// managed is what the settings have follow the directory.
func managed(kind account.Kind, s *resource.Settings) []string {
	var names []string
	if kind == account.Alias {
		if s.Groups.Name != "" {
			names = append(names, account.Name.String())
		}
		return append(names, "members")
	}
	if s.Users.Status != "" {
		names = append(names, "active")
	}
	for _, f := range account.AllFields() {
		if s.Users.Attribute(f) != "" {
			names = append(names, f.String())
		}
	}
	return names
}

// SidebarEntry is the entry in the language of the request.
func (m *Module) SidebarEntry(c *fiber.Ctx) SidebarEntry { return m.pages.SidebarEntry(c) }

// Close ends the runs that are going on between two batches, and waits for them until ctx ends. Pages that follow a run
// are let go of. The host calls it before it closes the database.
func (m *Module) Close(ctx context.Context) error {
	pages := make(chan struct{})
	go func() {
		defer close(pages)
		m.pages.Close()
	}()
	watches := make(chan struct{})
	go func() {
		defer close(watches)
		m.live.Close()
	}()
	err := errors.Join(m.schedule.Close(ctx), m.signIn.Flush(ctx))
	m.servers.Close()
	for what, ended := range map[string]chan struct{}{"end the pages": pages, "end the live runs": watches} {
		select {
		case <-ended:
		case <-ctx.Done():
			err = errors.Join(err, fmt.Errorf("%s: %w", what, ctx.Err()))
		}
	}
	return err
}
