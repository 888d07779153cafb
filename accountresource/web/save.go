package web

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/resource"
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
		if next != res.Settings {
			if err := w.cfg.Resources.Save(ctx, res.ID, next); err != nil {
				return err
			}
			if res.Tested && t.name != "replication" {
				if err := w.cfg.Resources.SetTested(ctx, res.ID, false); err != nil {
					return err
				}
			}
			if err := w.cfg.Operations.Changed(ctx, res.ID); err != nil {
				return err
			}
		}
		return r.goTo(pathOf(res.ID, "?tab="+t.name), "saved")
	}
}

// read lays the submitted tab over the stored settings and finds what is wrong with it, as far as that can be seen
// without the directory.
func (w *Web) read(r *request, res resource.Resource, t tab) (resource.Settings, resource.Problems, error) {
	next := res.Settings
	problems := t.parse(getter(r.form), &next)
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

// tried is what a form says that is not saved, for a button that only tries it. ok is false where the page has been
// drawn with what is wrong.
func (w *Web) tried(r *request) (res resource.Resource, next resource.Settings, p page, ok bool, err error) {
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

// test is POST /:id/test: what is in the form is tested, saved or not, and nothing is lost from it.
func (w *Web) test(r *request) error {
	res, next, p, ok, err := w.tried(r)
	if !ok {
		return err
	}
	ctx, cancel := context.WithTimeout(r.UserContext(), testTime)
	defer cancel()
	sample, err := w.cfg.Operations.Test(ctx, next)
	if errors.Is(err, context.DeadlineExceeded) {
		err = resource.NewProblem("", "test_deadline", err)
	}
	if err != nil {
		w.cfg.Logger.InfoContext(ctx, "connection test", "resource", res.ID, "error", err)
		p.problems = resource.ProblemsOf(err)
		return w.showWith(r, res, p)
	}
	unsaved := next != res.Settings
	if !unsaved && !res.Tested {
		if err := w.cfg.Resources.SetTested(r.UserContext(), res.ID, true); err != nil {
			return err
		}
		res.Tested = true
	}
	p.status, p.sample = fiber.StatusOK, viewOf(sample, &next, unsaved)
	return w.showWith(r, res, p)
}
