package web

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// save is POST /:id/<tab>: everything is taken, or nothing and every mistake named.
func (w *Web) save(t tab) handler {
	return func(r *request) error {
		res, err := r.resource()
		if err != nil {
			return err
		}
		next, problems, err := w.read(r, res, t)
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return w.showWith(r, res, page{
				status: fiber.StatusUnprocessableEntity, tab: t, values: t.typed(r.form), problems: problems,
			})
		}
		ctx := r.UserContext()
		if r.outdated(res) {
			return w.changedMeanwhile(r, res.ID, t)
		}
		if next != res.Settings {
			err := w.cfg.Resources.Save(ctx, res, next, t.typedPassword(r.form))
			if errors.Is(err, resource.ErrChanged) {
				return w.changedMeanwhile(r, res.ID, t)
			}
			if err != nil {
				return err
			}
			if err := w.cfg.Operations.Changed(ctx, res.ID); err != nil {
				return err
			}
		}
		return w.saved(r, res.ID, t)
	}
}

// outdated reports whether the form was shown with settings that somebody has changed since.
func (r *request) outdated(res resource.Resource) bool {
	shown := r.form["revision"]
	return shown != "" && shown != strconv.FormatInt(res.Revision, 10)
}

// changedMeanwhile shows the form as it was typed, to be saved once more over what somebody else has just saved.
func (w *Web) changedMeanwhile(r *request, id int64, t tab) error {
	res, err := w.cfg.Resources.Get(r.UserContext(), id)
	if err != nil {
		return err
	}
	return w.showWith(r, res, page{
		status: fiber.StatusConflict, tab: t, values: t.typed(r.form),
		problems: resource.Problems{resource.NewProblem("", "settings_changed", nil)},
	})
}

// saved goes on after the settings were taken: with what the button says, as one that is offered after a test does.
func (w *Web) saved(r *request, id int64, t tab) error {
	switch r.form["then"] {
	case "enable", "replicate":
		return w.begin(r)
	}
	return r.redirect(pathOf(id, "?tab="+t.name), "saved")
}

// begin is POST /:id/enable, with then=replicate for a run at once.
func (w *Web) begin(r *request) error {
	if r.form["then"] == "replicate" {
		return w.enableAndReplicate(r)
	}
	return w.enable(r)
}

// enableAndReplicate enables a resource whose connection is complete and runs it at once.
func (w *Web) enableAndReplicate(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	if !res.Enabled && len(res.Settings.Connection.Complete()) == 0 {
		if err := w.cfg.Resources.SetEnabled(r.UserContext(), res.ID, true); err != nil {
			return err
		}
		if err := w.cfg.Operations.Changed(r.UserContext(), res.ID); err != nil {
			return err
		}
	}
	return w.replicate(r)
}

// read lays the submitted tab over the stored settings and finds what is wrong with it, as far as that can be seen
// without the directory.
func (w *Web) read(r *request, res resource.Resource, t tab) (resource.Settings, resource.Problems, error) {
	lost := w.restoreTyped(r, res)
	next := res.Settings
	problems := t.parse(getter(r.form), &next)
	if lost && t.name == "connection" { // never the stored one instead
		next.Connection.BindPassword = resource.Secret{}
		problems = append(problems.Without("bind_password"), resource.NewProblem("bind_password", "password_lost", nil))
	}
	known := problems.ByField()
	for _, p := range w.cfg.Operations.Check(next) {
		if slices.Contains(t.fields(), p.Field) && known[p.Field] == nil {
			problems = append(problems, p)
		}
	}
	if t.name != "connection" || known["domain"] != nil {
		return next, problems, nil
	}
	p, err := w.checkDomain(r.UserContext(), res, next.Connection.Domain)
	if p != nil {
		problems = append(problems, p)
	}
	return next, problems, err
}

// restoreTyped puts a password that was typed into this form before back into it, where nobody typed another one. It
// reports whether that one is lost: the form is for another endpoint now, or was open for too long.
func (w *Web) restoreTyped(r *request, res resource.Resource) (lost bool) {
	if r.form["bind_password"] != "" {
		return false
	}
	password, err := w.restore(r, endpointOf(r.form, res), time.Now())
	if err != nil {
		return true
	}
	if password != "" {
		r.form["bind_password"] = password
	}
	return false
}

// endpointOf returns what the password of a submitted form belongs to.
func endpointOf(form map[string]string, res resource.Resource) resource.Endpoint {
	c, _ := resource.ParseConnection(getter(form), res.Settings.Connection)
	return c.Endpoint()
}

// checkDomain refuses a domain without mailboxes here, and another one than the linked accounts are in.
func (w *Web) checkDomain(ctx context.Context, res resource.Resource, domain string) (*resource.Problem, error) {
	hosted, err := w.cfg.Operations.Hosted(ctx, domain)
	if err != nil {
		return nil, err
	}
	if !hosted {
		return resource.NewProblem("domain", "domain_not_hosted", nil, "Domain", domain), nil
	}
	if before := res.Settings.Connection.Domain; before != "" && before != domain {
		linked, err := w.cfg.Resources.Links(ctx, res.ID)
		if err != nil {
			return nil, err
		}
		if linked > 0 {
			return resource.NewProblem("domain", "domain_linked", nil, "Domain", before), nil
		}
	}
	return nil, nil //nolint:nilnil // nothing is wrong with it
}

// testTime is the longest that a connection test may take.
const testTime = 2 * time.Minute

// parseUnsaved is what a form says that is not saved, for a button that only tries it. ok is false where the page has been
// drawn with what is wrong.
func (w *Web) parseUnsaved(r *request) (res resource.Resource, next resource.Settings, p page, ok bool, err error) {
	if res, err = r.resource(); err != nil {
		return res, next, p, false, err
	}
	t := ofForm(r.form)
	next, problems, err := w.read(r, res, t)
	if err != nil {
		return res, next, p, false, err
	}
	p = page{status: fiber.StatusUnprocessableEntity, tab: t, values: t.typed(r.form), problems: problems}
	if len(problems) == 0 {
		p.problems = next.Connection.Complete()
	}
	if len(p.problems) > 0 {
		return res, next, p, false, w.showWith(r, res, p)
	}
	return res, next, p, true, nil
}

// sample tests a connection within the time of ctx.
func (w *Web) sample(ctx context.Context, id int64, s resource.Settings) (run.Sample, error) {
	sample, err := w.cfg.Operations.Test(ctx, s)
	if errors.Is(err, context.DeadlineExceeded) {
		err = resource.NewProblem("", "test_deadline", err)
	}
	if err != nil {
		w.cfg.Logger.InfoContext(ctx, "connection test", "resource", id, "error", err)
	}
	return sample, err
}

// test is POST /:id/test: what is in the form is tested, saved or not, and nothing is lost from it.
func (w *Web) test(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	t := ofForm(r.form)
	next, problems, err := w.read(r, res, t)
	if err != nil {
		return err
	}
	p := page{status: fiber.StatusUnprocessableEntity, tab: t, values: t.typed(r.form), problems: problems}
	if len(problems) == 0 {
		p.problems = next.Connection.Complete()
	}
	if len(p.problems) > 0 && !assisted(p.problems) {
		return w.showWith(r, res, p)
	}
	ctx, end, err := r.trial(testTime)
	if err != nil {
		return err
	}
	defer end()
	var sample run.Sample
	if len(p.problems) == 0 {
		if sample, err = w.sample(ctx, res.ID, next); broken(ctx) != nil {
			return broken(ctx)
		}
		p.problems = resource.ProblemsOf(err)
	}
	if len(p.problems) > 0 {
		w.addHints(ctx, r, next.Connection, &p)
		return w.showWith(r, res, p)
	}
	unsaved := next != res.Settings
	if !unsaved && !res.Tested {
		if err := w.cfg.Resources.SetTested(r.UserContext(), res.ID, res.Revision); err != nil {
			return err
		}
		res.Tested = true
	}
	p.status, p.sample = fiber.StatusOK, viewOf(sample, &next, unsaved)
	return w.showWith(r, res, p)
}
