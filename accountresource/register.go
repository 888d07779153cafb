package accountresource

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/schedule"
	"github.com/mailpanel/account-resource/accountresource/signin"
	"github.com/mailpanel/account-resource/accountresource/store"
	"github.com/mailpanel/account-resource/accountresource/watch"
	"github.com/mailpanel/account-resource/accountresource/web"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// openTime is the longest that the tables may take to be made or upgraded.
const openTime = 5 * time.Minute

// Register gives the panel its Account Resources: the tables in db, the routes in app, and the scheduled work. The
// host calls Module.Close before it closes db.
//
// db is the panel's database: MariaDB/MySQL, PostgreSQL or SQLite, with any driver and pool size; a run is fastest where
// the pool keeps three idle connections for it (database/sql keeps two unless told otherwise). Without WithBackend the
// mail accounts live in it too.
func Register(app *fiber.App, db *sql.DB, auth Auth, opts ...Option) (*Module, error) {
	if app == nil || db == nil || auth == nil {
		return nil, errors.New("register account resources: app, db and auth are all needed")
	}
	o := defaultOptions()
	for _, option := range opts {
		if err := option(&o); err != nil {
			return nil, fmt.Errorf("register account resources: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTime)
	defer cancel()
	m, err := open(ctx, app, db, auth, &o)
	if err != nil {
		return nil, fmt.Errorf("register account resources: %w", err)
	}
	return m, nil
}

func open(ctx context.Context, app *fiber.App, db *sql.DB, auth Auth, o *options) (*Module, error) {
	keys, err := keysOf(o)
	if err != nil {
		return nil, err
	}
	kept, err := store.Open(ctx, db, store.Options{Keys: keys.passwords, Logger: o.logger, Clock: time.Now})
	if err != nil {
		return nil, fmt.Errorf("open the module's tables: %w", err)
	}
	if o.backend == nil {
		if o.backend, err = sqldb.Open(ctx, db, sqldb.Options{Storage: o.storage}); err != nil {
			return nil, fmt.Errorf("open the mail accounts in the panel's database: %w", err)
		}
	}
	servers := directory.Options{Allowed: o.hosts.Allows, Schemas: directory.NewSchemas(), Logger: o.logger}
	whose := &people{links: kept.Links(), resources: kept.Resources(), backend: o.backend}
	asked := servers.SignIn(whose.connectionOf)
	signIn, err := signin.New(signin.Config{
		Links: whose, Directory: asked, Verifiers: kept.Verifiers(), Attempts: kept.Attempts(), Counters: kept.SignIns(), Key: keys.verifiers,
		Clock: time.Now, Logger: o.logger,
	})
	if err != nil {
		return nil, fmt.Errorf("make the sign-in: %w", err)
	}
	ops := &operations{
		directory: servers,
		resources: kept.Resources(), history: kept.Runs(), leases: kept.Leases(), marks: kept.Watermarks(), watches: kept.Watches(), backend: o.backend, logger: o.logger,
		runner: run.New(run.Config{
			OpenReader: servers.Open,
			Mail:       run.Mail{Backend: o.backend, Storage: o.storage, Applications: o.applications},
			Store: run.Store{
				Links: kept.Links(), Journal: kept.Runs(), Leases: kept.Leases(), Removals: kept.Removals(), Watermarks: kept.Watermarks(),
				Tasks: kept.Tasks(), Neighbours: kept.Resources(),
			},
			Timing: run.Timing{Retention: o.retention, LeaseTTL: o.lease},
			Owner:  processName(), Logger: o.logger, Clock: time.Now,
		}),
	}
	pages, err := web.New(web.Config{
		Prefix: o.prefix, Auth: auth, Layout: o.layout, Resources: ops.resources, History: ops.history, Removals: kept.Removals(), Operations: ops,
		SignIn: signIn, Endpoint: web.Endpoint{URL: o.signInURL, Token: keys.mailServer[0]},
		TokenKeys: keys.tokens, FrameAncestors: o.ancestors, Logger: o.logger,
	})
	if err != nil {
		return nil, fmt.Errorf("make the pages: %w", err)
	}
	ops.schedule, err = schedule.Start(schedule.Config{
		Resources: ops.all, LastRun: ops.lastRun, Run: ops.scheduled, Logger: o.logger,
	})
	if err != nil {
		return nil, fmt.Errorf("start the schedule: %w", err)
	}
	ops.live = watch.Start(watch.Config{
		Resources: kept.Resources().All, Open: ops.watchSource, Run: ops.runLive, Links: kept.Resources().Links, Watches: ops.watches,
		Owner: processName() + " " + rand.Text(), Logger: o.logger,
	})
	pages.Mount(app)
	return &Module{
		pages: pages, schedule: ops.schedule, links: kept.Links(), resources: kept.Resources(), prefix: o.prefix,
		signIn: signIn, servers: asked, tokens: keys.mailServer, live: ops.live,
	}, nil
}

// processName tells people which process holds a lease.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}
