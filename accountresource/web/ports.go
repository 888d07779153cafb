package web

import (
	"context"
	"html/template"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/watch"
)

// Admin is who is asking.
type Admin struct {
	Username    string
	GlobalAdmin bool
	// Language is a tag such as "en_US", "pt-BR" or "de"; empty leaves it to the browser.
	Language string
	// Session is an opaque name of the session, for instance a hash of its cookie: never the cookie itself. Forms that were
	// shown in one session are refused in another. Empty: the module keeps a cookie of its own, below its prefix.
	Session string
}

// Auth tells who is asking. The host implements it over its own sessions.
type Auth interface {
	// Admin is the signed-in admin of the request; ok is false when nobody is signed in.
	//
	// A page that follows a run keeps its request open. Every ten seconds Admin is asked again with a copy of that request:
	// its headers and address, without the host's middleware and Locals. Where it does not find the same admin and session
	// any more, the stream ends. A host that finds its session in middleware alone cannot be asked so: its streams last a
	// minute, and then the page asks anew.
	Admin(c *fiber.Ctx) (a Admin, ok bool)
	// LoginPath is where somebody who is not signed in is sent.
	LoginPath(c *fiber.Ctx) string
}

// Page is one drawn page, without the chrome around it.
type Page struct {
	Title   string        // plain text
	Content template.HTML // safe as it is
	// Stylesheets and Scripts are paths of files to load (with "defer" for scripts); nothing is inline, so that a
	// strict Content-Security-Policy works.
	Stylesheets, Scripts []string
	// Language is the page's BCP 47 tag, Direction "ltr" or "rtl".
	Language, Direction string
	// Status is the HTTP status the response has; the layout need not set it.
	Status int
}

// Layout draws the host's chrome around a page and sends it.
type Layout func(c *fiber.Ctx, p Page) error

// Resources keeps the configured resources. Errors: resource.ErrNotFound.
type Resources interface {
	All(ctx context.Context) ([]resource.Resource, error)
	Get(ctx context.Context, id int64) (resource.Resource, error)
	Create(ctx context.Context, kind resource.Kind, s resource.Settings) (int64, error)
	// Save replaces the settings that res was read with and raises the revision. The stored password is replaced by a
	// typed one, and left alone where that is zero. resource.ErrChanged: somebody else was faster.
	Save(ctx context.Context, res resource.Resource, s resource.Settings, typed resource.Secret) error
	// SetTested notes that the settings of a revision passed a connection test.
	SetTested(ctx context.Context, id, revision int64) error
	SetEnabled(ctx context.Context, id int64, enabled bool) error
	// Delete removes the resource with its links and history; accounts stay. run.ErrRunning during a run.
	Delete(ctx context.Context, id int64) error
	// Links counts the accounts a resource has linked.
	Links(ctx context.Context, id int64) (int, error)
	// Origins counts them by how they came to be linked.
	Origins(ctx context.Context, id int64) (map[account.Origin]int, error)
	// Adopted counts the mailboxes that were here before the resource linked them, and are on.
	Adopted(ctx context.Context, id int64) (int, error)
}

// LogFilter narrows the rows of a run's log.
type LogFilter = run.LogFilter

// History reads what runs did. Errors: run.ErrNotFound, and run.ErrBusy of a search.
type History interface {
	// Latest is the newest run of each resource that has one.
	Latest(ctx context.Context, resources ...int64) (map[int64]run.Run, error)
	// Runs lists a resource's runs, newest first, and says how many there are.
	Runs(ctx context.Context, resourceID int64, page, size int) ([]run.Run, int, error)
	Run(ctx context.Context, id int64) (run.Run, error)
	// ProgressOf is how far the newest run of a resource is, or was when it ended; found is false before it has said so.
	ProgressOf(ctx context.Context, resourceID int64) (p run.Progress, found bool, err error)
	// Before lists the runs that are older than one, newest first.
	Before(ctx context.Context, resourceID, runID int64, size int) ([]run.Run, error)
	// Entries lists a page of the rows of a run in order. A search looks at a bounded number of them. Rows is for
	// downloads: it does not count, and a search goes on until there are f.Size rows or no more.
	Entries(ctx context.Context, runID int64, f LogFilter) (run.Page, error)
	Rows(ctx context.Context, runID int64, f LogFilter) ([]run.Entry, error)
	// AccountHistory lists the rows of one account in all runs of a resource, newest first: of an object, or of whoever
	// had an address. f.Before is the key of the oldest row that is known. A search looks at a bounded number of rows.
	AccountHistory(ctx context.Context, resourceID int64, name string, f LogFilter) (run.Page, error)
}

// Removals are those that wait for an admin (rule R15).
type Removals interface {
	Waiting(ctx context.Context, resourceID int64) ([]run.Held, error)
	// Undecided counts those that nobody has decided on, by resource.
	Undecided(ctx context.Context, resources ...int64) (map[int64]int, error)
	// Decide says what becomes of those of the objects that are held for an action, and how many they are.
	Decide(ctx context.Context, resourceID int64, d run.Decision, of account.Action, ids []account.SourceID) (int, error)
}

// Operations are what the buttons do.
type Operations interface {
	// Check finds mistakes in settings that need no server to be seen: filters, DNs, certificates. Nothing is sent.
	Check(s resource.Settings) resource.Problems
	// Test reads the first users and groups with unsaved settings.
	Test(ctx context.Context, s resource.Settings) (run.Sample, error)
	// Certificates is the chain that the server sends, its own first, whoever signed it. Nothing secret is sent.
	Certificates(ctx context.Context, c resource.Connection) ([]resource.Certificate, error)
	// BaseDN is the root of the directory, as the server names it before anybody has signed in; empty where it does not.
	BaseDN(ctx context.Context, c resource.Connection) (string, error)
	// Preview plans a run with settings that need not be saved, and writes nothing. each is given every change as it is
	// found; an error of it ends the preview.
	Preview(ctx context.Context, res resource.Resource, each func(*account.Change) error) error
	// Replicate starts a run in the background and returns it. Asked for a full run it reads the whole directory, else
	// only what changed, where that is enough. run.ErrRunning, run.ErrDisabled.
	Replicate(ctx context.Context, id int64, wanted run.Mode) (run.Run, error)
	// Cancel asks a run to stop, in whichever process it is. It ends between two batches; one that has ended takes no
	// notice.
	Cancel(ctx context.Context, resourceID, runID int64) error
	// Running tells whether a run of the resource is going on, in this process or another.
	Running(ctx context.Context, id int64) (bool, error)
	// Changed tells the schedule that the resource's settings or state changed, or that it is gone.
	Changed(ctx context.Context, id int64) error
	// Watched is how the watch of a resource's directory is going (Replication.Live); found is false where no process watches it.
	Watched(ctx context.Context, id int64) (s watch.State, found bool, err error)
	// NextRun is when the schedule will run the resource next; zero when it will not.
	NextRun(id int64) time.Time
	// Domains searches the hosted domains, at most limit.
	Domains(ctx context.Context, part string, limit int) ([]string, error)
	// Hosted tells whether mailboxes of the domain are hosted here.
	Hosted(ctx context.Context, domain string) (bool, error)
}

// Config is what the pages need.
type Config struct {
	Prefix     string // "/account-resources"
	Auth       Auth
	Layout     Layout // nil: a plain page of our own
	Resources  Resources
	History    History
	Removals   Removals
	Operations Operations
	SignIn     SignIn
	// Endpoint is where the mail server asks this panel.
	Endpoint Endpoint
	// TokenKeys authenticate the CSRF tokens, 32 bytes each: the first one signs, and what any of them signed counts.
	TokenKeys [][]byte
	// FrameAncestors may show the pages in a frame, as sources of a Content-Security-Policy; none may where it is empty.
	FrameAncestors []string
	Logger         *slog.Logger
}
