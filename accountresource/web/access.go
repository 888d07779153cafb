package web

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// request is one request of a global admin.
type request struct {
	*fiber.Ctx
	*localizer
	web    *Web
	admin  Admin
	kind   kind
	form   map[string]string   // of a POST; of a field that was sent more than once, one value
	fields map[string][]string // the same with every value
}

type handler func(*request) error

// kind is what a route answers with.
type kind bool

const (
	asPage kind = false
	asJSON kind = true
)

// guard lets only global admins through, and forms only with a token of ours. It turns errors and panics into answers:
// Fiber itself recovers from no panic, and would end the host.
func (w *Web) guard(k kind) func(handler) fiber.Handler {
	return func(h handler) fiber.Handler {
		return func(c *fiber.Ctx) error {
			secure(c)
			if c.Request().IsBodyStream() { // what an answer leaves unread must not be taken for the next request
				c.Context().Response.SetConnectionClose()
			}
			r := &request{Ctx: c, localizer: w.localizer(c, Admin{}), web: w, kind: k}
			err := recovered.Do(func() error { return r.answer(h) })
			if recovered.Stack(err) != "" {
				return r.fail(err)
			}
			return err
		}
	}
}

// answer judges in this order: sign-in, role, headers, token; what the request carries is parsed last.
func (r *request) answer(h handler) error {
	admin, signedIn := r.web.cfg.Auth.Admin(r.Ctx)
	admin.Username, admin.Session = strings.Clone(admin.Username), strings.Clone(admin.Session) // work may outlive the request
	r.admin, r.localizer = admin, r.web.localizer(r.Ctx, admin)
	switch {
	case !signedIn && r.asData():
		return r.Status(fiber.StatusUnauthorized).JSON(fiber.Map{"error": r.T("refused_signed_out")})
	case !signedIn:
		return r.Redirect(r.web.cfg.Auth.LoginPath(r.Ctx), fiber.StatusFound)
	case !admin.GlobalAdmin:
		return r.fail(errRole)
	}
	r.nameSession()
	err := r.checkQuery()
	if err == nil && r.Method() == fiber.MethodPost {
		err = r.readForm()
	}
	if err == nil {
		err = h(r)
	}
	if err != nil {
		return r.fail(err)
	}
	return nil
}

// asData reports whether the answer is JSON.
func (r *request) asData() bool {
	return r.kind == asJSON || strings.HasPrefix(r.Get(fiber.HeaderAccept), fiber.MIMEApplicationJSON)
}

// secure sets the headers of every answer.
func secure(c *fiber.Ctx) {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
}

// refusal is an error that an admin is told in a sentence.
type refusal struct {
	status int
	key    string // of the sentence
	retry  int    // seconds after which to try again; zero says nothing of it
}

func (f *refusal) Error() string { return "refused: " + f.key }

var (
	errRole     = &refusal{status: fiber.StatusForbidden, key: "refused_role"}
	errToken    = &refusal{status: fiber.StatusForbidden, key: "refused_token"}
	errNotFound = &refusal{status: fiber.StatusNotFound, key: "refused_not_found"}

	errSearching = &refusal{status: fiber.StatusServiceUnavailable, key: "refused_searching", retry: 5}
)

// refuse answers with a sentence.
func (r *request) refuse(f *refusal) error {
	if f.retry > 0 {
		r.Set(fiber.HeaderRetryAfter, strconv.Itoa(f.retry))
	}
	return r.tell(f.status, "message_refused", r.T(f.key))
}

// messageView is a page that has only something to say.
type messageView struct {
	Text, Back string
}

func (r *request) tell(status int, title, text string) error {
	if r.asData() {
		return r.Status(status).JSON(fiber.Map{"error": text})
	}
	return r.render(status, "message", title, messageView{Text: text, Back: r.web.cfg.Prefix})
}

// retryDatabase is after how many seconds to try again where the panel's database is not available.
const retryDatabase = 10

// fail turns an error into an answer. What an admin cannot mend gets a number that the log has too.
func (r *request) fail(err error) error {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return r.refuse(refused)
	case errors.Is(err, resource.ErrNotFound), errors.Is(err, run.ErrNotFound):
		return r.refuse(errNotFound)
	case errors.Is(err, run.ErrBusy):
		return r.refuse(errSearching)
	case r.web.life.Err() != nil && errors.Is(err, context.Canceled):
		return r.refuse(errClosed)
	}
	incident := strconv.FormatInt(time.Now().UnixNano()%1e9, 36)
	r.web.logProblem(r.UserContext(), "page", err, "incident", incident, "method", strings.Clone(r.Method()),
		"path", strings.Clone(r.Path()), "admin", r.admin.Username)
	status, text := fiber.StatusInternalServerError, r.T("failed_unexpected", "Incident", incident)
	if errors.Is(err, run.ErrDatabase) {
		status, text = fiber.StatusServiceUnavailable, r.T("failed_database", "Incident", incident)
		r.Set(fiber.HeaderRetryAfter, strconv.Itoa(retryDatabase))
	}
	err = recovered.Do(func() error { return r.tell(status, "message_failed", text) })
	if err != nil { // the host's layout may be what fails
		r.web.logProblem(r.UserContext(), "page of an incident", err, "incident", incident)
		return r.Status(status).SendString(text)
	}
	return nil
}

// id is the resource that the path names.
func (r *request) id() (int64, error) {
	id, err := strconv.ParseInt(r.Params("id"), 10, 64)
	if err != nil {
		return 0, errNotFound
	}
	return id, nil
}

// resource reads the resource that the path names.
func (r *request) resource() (resource.Resource, error) {
	id, err := r.id()
	if err != nil {
		return resource.Resource{}, err
	}
	return r.web.cfg.Resources.Get(r.UserContext(), id)
}
