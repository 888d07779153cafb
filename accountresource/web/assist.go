package web

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// chainView is what an untrusted server sent, for a person to compare and to trust.
type chainView struct {
	Sent []resource.Certificate
	Top  resource.Certificate // the one that is offered: nearest to the root, or the server's own where Exact
	// Exact says that an authority would not help: the server's own certificate is trusted, besides what is trusted already.
	Exact   bool
	Already string // PEM
}

// Trusted is what the field holds once the certificate is trusted.
func (v chainView) Trusted() string {
	if already := strings.TrimSpace(v.Already); v.Exact && already != "" {
		return already + "\n" + v.Top.PEM
	}
	return v.Top.PEM
}

// SambaCommand prints the fingerprint on a Samba server.
func (v chainView) SambaCommand() string {
	file := "cert.pem"
	if v.Top.Authority {
		file = "ca.pem"
	}
	return "openssl x509 -noout -fingerprint -sha256 -in /var/lib/samba/private/tls/" + file
}

// WindowsCommand prints it on Windows, for a certificate that was exported there.
func (v chainView) WindowsCommand() string { return "certutil -hashfile certificate.cer SHA256" }

// proposalView is a base DN that the server named.
type proposalView struct {
	BaseDN string
	Filled bool // it stands in the field already
}

// untrusted are the problems that trusting somebody else would mend.
var untrusted = []string{"problem_ca_unknown", "problem_ca_another"}

// misnamed are the problems that only trusting the server's own certificate would mend.
var misnamed = []string{"problem_certificate_name", "problem_certificate_common_name", "problem_certificate_sha1"}

// serverFields are those that must be right before a server can be asked anything.
var serverFields = []string{"host", "port", "tls", "timeout", "ca_certificate"}

// assisted reports whether assist has a server to ask for a page with these problems.
func assisted(problems resource.Problems) bool {
	byField := problems.ByField()
	return byField["base_dn"] != nil && byField["base_dn"].Message.Args["Proposal"] == "" &&
		!slices.ContainsFunc(serverFields, func(name string) bool { return byField[name] != nil })
}

// addHints adds to a page with problems what the server itself can tell about mending them.
func (w *Web) addHints(ctx context.Context, r *request, c resource.Connection, p *page) {
	byField := p.problems.ByField()
	base := byField["base_dn"]
	if base != nil && base.Message.Args["Proposal"] != "" {
		p.proposal = &proposalView{BaseDN: base.Message.Args["Proposal"]}
	} else if assisted(p.problems) {
		w.ask(ctx, c, p)
	}
	i := slices.IndexFunc(p.problems, func(one *resource.Problem) bool {
		return slices.Contains(untrusted, one.Message.Key) || slices.Contains(misnamed, one.Message.Key)
	})
	if i < 0 {
		return
	}
	if host := p.problems[i].Message.Args["Host"]; host != "" {
		c.Host = host // of several servers
	}
	sent, err := w.cfg.Operations.Certificates(ctx, c)
	if err != nil || len(sent) == 0 {
		w.cfg.Logger.InfoContext(r.UserContext(), "look at the server's certificate", "host", c.Host, "error", err)
		return
	}
	p.chain = &chainView{Sent: sent, Top: sent[len(sent)-1]}
	if slices.Contains(misnamed, p.problems[i].Message.Key) {
		p.chain = &chainView{Sent: sent[:1], Top: sent[0], Exact: true, Already: c.CACertificate}
	}
}

// ask has the server name its root. Why it could not is a problem of the page, too.
func (w *Web) ask(ctx context.Context, c resource.Connection, p *page) {
	base, err := w.cfg.Operations.BaseDN(ctx, c)
	if err != nil {
		p.problems = append(p.problems, resource.ProblemsOf(err)...)
		return
	}
	if base != "" {
		p.proposal = &proposalView{BaseDN: base}
	}
}

// propose is POST /:id/propose: the server is asked for the root of its directory. With use, the root that it named
// before goes into the field, and the connection is tested again.
func (w *Web) propose(r *request) error {
	if use := r.form["use"]; use != "" {
		r.form["base_dn"] = use
		return w.test(r)
	}
	res, err := r.resource()
	if err != nil {
		return err
	}
	t := tabs[0]
	next, problems, err := w.read(r, res, t)
	if err != nil {
		return err
	}
	p := page{status: fiber.StatusUnprocessableEntity, tab: t, values: t.typed(r.form)}
	for _, one := range problems {
		if slices.Contains(serverFields, one.Field) {
			p.problems = append(p.problems, one)
		}
	}
	ctx, end, err := r.trial(testTime)
	if err != nil {
		return err
	}
	defer end()
	if len(p.problems) == 0 {
		w.ask(ctx, next.Connection, &p)
	}
	if over := broken(ctx); over != nil {
		return over
	}
	switch {
	case p.proposal == nil && len(p.problems) == 0:
		p.problems = resource.Problems{resource.NewProblem("base_dn", "base_not_named", nil, "Host", next.Connection.Host)}
	case p.proposal == nil:
		w.addHints(ctx, r, next.Connection, &p)
	default:
		p.status = fiber.StatusOK
		if strings.TrimSpace(p.values["base_dn"]) == "" {
			p.values["base_dn"] = p.proposal.BaseDN
		}
		p.proposal.Filled = strings.EqualFold(strings.TrimSpace(p.values["base_dn"]), p.proposal.BaseDN)
	}
	return w.showWith(r, res, p)
}

// trust is POST /:id/trust: a certificate that the admin was shown goes into the field, and the connection is tested
// with it. Nothing is saved.
func (w *Web) trust(r *request) error {
	if pem := r.form["trust"]; pem != "" {
		r.form["ca_certificate"] = strings.ReplaceAll(pem, "\r\n", "\n")
	}
	return w.test(r)
}
