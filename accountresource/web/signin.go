package web

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

// SignIn is sign-in with the directory's password, as the Sign-in tab shows it.
type SignIn interface {
	// Counts returns what sign-ins of a resource's people came to.
	Counts(ctx context.Context, resource int64) ([]signin.Count, error)
	// Servers returns the directory servers of a resource and whether they answer.
	Servers(ctx context.Context, resource int64) ([]signin.ServerState, error)
	// Policy returns when the domain of a resource locks an account; found is false where that cannot be read.
	Policy(ctx context.Context, resource int64) (p signin.Policy, found bool, err error)
	// Authenticate tries a password.
	Authenticate(ctx context.Context, r signin.Request) (signin.Result, error)
}

// Endpoint is where the mail server asks this panel, and by which token it is known; an empty URL: nowhere.
type Endpoint struct{ URL, Token string }

// signInView is what the Sign-in tab shows below its form.
type signInView struct {
	On       bool      // as it is stored
	Adopted  int       // mailboxes whose old passwords work too
	Called   time.Time // by the mail server, the last time; zero: never
	Counts   []signInCount
	Servers  []signin.ServerState
	Policy   *policyView
	URL      string
	Versions []string
	Stores   []string
	Version  string
	Store    string
	Files    []signin.File
	// Address and Verdict are of the person that was tried; Verdict is empty where none was.
	Address string
	Verdict signin.Verdict
}

// signInCount is how many sign-ins came to a verdict, through the mail server and through the panel.
type signInCount struct {
	Verdict     signin.Verdict
	Mail, Panel int
}

// policyView says when the domain locks an account, and how many wrong passwords reach it from here.
type policyView struct {
	Known                      bool
	Threshold, Budget, Minutes int
}

// signInTime is how long the Sign-in tab waits for the directory.
const signInTime = 4 * time.Second

// signInOf collects what the Sign-in tab shows. That the directory does not answer is shown, not an error.
func (w *Web) signInOf(r *request, res *resource.Resource) (*signInView, error) {
	v := &signInView{
		On: res.Settings.SignIn.Mode == resource.SignInWithDirectory, URL: w.cfg.Endpoint.URL,
		Versions: signin.DovecotVersions, Stores: signin.DovecotStores,
		Version: oneOf(r.Query("dovecot"), signin.DovecotVersions), Store: oneOf(r.Query("store"), signin.DovecotStores),
	}
	if !v.On {
		return v, nil
	}
	counts, err := w.cfg.SignIn.Counts(r.UserContext(), res.ID)
	if err != nil {
		return nil, err
	}
	v.count(counts)
	if v.Adopted, err = w.cfg.Resources.Adopted(r.UserContext(), res.ID); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.UserContext(), signInTime)
	defer cancel()
	if v.Servers, err = w.cfg.SignIn.Servers(ctx, res.ID); err != nil {
		return nil, err
	}
	policy, found, silent := w.cfg.SignIn.Policy(ctx, res.ID)
	if !found || silent != nil {
		policy = signin.Cautious()
	}
	v.Policy = &policyView{Known: found && silent == nil, Threshold: policy.Threshold}
	budget := signin.BudgetOf(policy)
	v.Policy.Budget, v.Policy.Minutes = budget.Any, int(budget.Window/time.Minute)
	v.Files, err = w.dovecotFiles(v.Version, v.Store)
	return v, err
}

// dovecotFiles returns Dovecot's files, none where this panel does not listen for it.
func (w *Web) dovecotFiles(version, store string) ([]signin.File, error) {
	if w.cfg.Endpoint.URL == "" {
		return nil, nil
	}
	return signin.DovecotFiles(signin.Setup{Version: version, Store: store, URL: w.cfg.Endpoint.URL, Token: w.cfg.Endpoint.Token})
}

// oneOf returns the value if it is one of those that are known, else the first of these.
func oneOf(value string, known []string) string {
	if slices.Contains(known, value) {
		return value
	}
	return known[0]
}

// count sums up counts by verdict, in the order of the verdicts.
func (v *signInView) count(counts []signin.Count) {
	for _, verdict := range signin.Verdicts() {
		row := signInCount{Verdict: verdict}
		for _, c := range counts {
			if c.Verdict != verdict {
				continue
			}
			if c.Door != signin.MailServer {
				row.Panel += int(c.Attempts)
				continue
			}
			row.Mail += int(c.Attempts)
			if c.Last.After(v.Called) {
				v.Called = c.Last
			}
		}
		if row.Mail+row.Panel > 0 {
			v.Counts = append(v.Counts, row)
		}
	}
}

// trySignIn is POST /:id/signin/try: it tries the password of one person and shows what came of it. The password is not kept.
func (w *Web) trySignIn(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	t, _ := tabNamed("signin")
	p := page{status: fiber.StatusOK, tab: t, values: t.values(&res.Settings), tried: &tried{address: r.form["try_address"]}}
	if p.tried.address == "" || r.form["try_password"] == "" {
		p.status = fiber.StatusUnprocessableEntity
		p.problems = resource.Problems{resource.NewProblem("", "try_incomplete", nil)}
		p.tried = nil
		return w.showWith(r, res, p)
	}
	result, err := w.cfg.SignIn.Authenticate(r.UserContext(), signin.NewRequest(p.tried.address, r.form["try_password"]))
	if err != nil {
		return err
	}
	p.tried.verdict = result.Verdict
	if result.Resource != res.ID && result.Verdict != signin.NotDirectory {
		p.tried.verdict = signin.NotDirectory // of this resource
	}
	return w.showWith(r, res, p)
}

// tried is the person whose password was tried.
type tried struct {
	address string
	verdict signin.Verdict
}

// signInFile is GET /:id/signin/files/:name: one of Dovecot's files.
func (w *Web) signInFile(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	if res.Settings.SignIn.Mode != resource.SignInWithDirectory {
		return errNotFound
	}
	files, err := w.dovecotFiles(oneOf(r.Query("dovecot"), signin.DovecotVersions), oneOf(r.Query("store"), signin.DovecotStores))
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name == r.Params("name") {
			r.Attachment(f.Name)
			r.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
			return r.SendString(f.Text)
		}
	}
	return errNotFound
}
