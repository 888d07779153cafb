package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

const demoDomain = "corp.example"

// firstPerson is the address of the first person of the fake directory.
const firstPerson = "anna.andersen@" + demoDomain

// startDirectory starts the fake directory of the demo and sets the panel up for it; stop ends it and removes its files.
func (p *panel) startDirectory(ctx context.Context, c config) (stop func() error, err error) {
	ad, err := fakead.Start(fakead.Options{})
	if err != nil {
		return nil, err
	}
	folder, err := privateFolder()
	stop = func() error {
		_ = ad.Close() // nothing of it stays
		return os.RemoveAll(folder)
	}
	if err == nil {
		err = ad.Populate(500, 20)
	}
	if err == nil {
		err = p.demonstrate(ctx, ad, c, folder)
	}
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// demonstrate makes a resource for the fake directory in a fresh temporary panel, through the module's own forms. In
// a panel that somebody set up it only says how to reach the directory, with its certificate in folder.
func (p *panel) demonstrate(ctx context.Context, ad *fakead.Server, c config, folder string) error {
	password := rand.Text()
	account, err := ad.Reader("panel-reader", password)
	if err != nil {
		return err
	}
	connection := url.Values{
		"domain": {demoDomain}, "host": {"127.0.0.1"}, "port": {strconv.Itoa(ad.Addr().Port)}, "tls": {"on"}, "timeout": {"10"},
		"base_dn": {ad.StaffOU()}, "bind_dn": {account}, "bind_password": {password}, "ca_certificate": {string(ad.CA())},
	}
	own := strings.ToLower(rand.Text()[:12])
	if err := ad.Modify(ad.People()[0], fakead.Attributes{"password": {own}}); err != nil {
		return err
	}
	fmt.Printf("\n  Somebody of the fake directory, to sign in as once the Sign-in tab is saved\n    %s\n    %s\n", firstPerson, own)
	if err := tell(connection, folder, c.temporary == ""); err != nil || c.temporary == "" {
		return err
	}
	if err := p.mail.addDomain(ctx, demoDomain); err != nil {
		return err
	}
	session := p.sessions.open(admin{Username: c.admin})
	defer p.sessions.close(session)
	return visitor{p.app, session}.setUp(connection)
}

// tell prints how to read the fake directory with ldapsearch and, for a resource that somebody sets up by hand, what goes
// into its Connection tab. The certificate of the directory is written to a file in folder.
func tell(connection url.Values, folder string, byHand bool) error {
	file := filepath.Join(folder, "fake-directory.pem")
	if err := os.WriteFile(file, []byte(connection.Get("ca_certificate")), 0o600); err != nil {
		return fmt.Errorf("write the certificate of the fake directory: %w", err)
	}
	fmt.Printf("\n  Fake directory, for Account Resources (PANEL_DIRECTORY=none turns it off). Read it with\n    %s\n", ldapsearch(connection, file))
	if !byHand {
		return nil
	}
	for _, name := range []string{"host", "port", "base_dn", "bind_dn", "bind_password"} {
		fmt.Printf("    %-16s %s\n", name, connection.Get(name))
	}
	fmt.Printf("    %-16s the content of %s\n", "ca_certificate", file)
	return nil
}

// ldapsearch is a command for a shell that reads the people of the fake directory, with the certificate in file.
func ldapsearch(connection url.Values, file string) string {
	return fmt.Sprintf("LDAPTLS_CACERT='%s' ldapsearch -x -ZZ -H ldap://%s:%s -D '%s' -w '%s' -b '%s' -E pr=1000/noprompt '(mail=*)' mail",
		file, connection.Get("host"), connection.Get("port"), connection.Get("bind_dn"), connection.Get("bind_password"), connection.Get("base_dn"))
}

// visitor fills in forms as a browser would, within the process.
type visitor struct {
	app     *fiber.App
	session string
}

// setUp adds a resource, saves its connection and enables it.
func (v visitor) setUp(connection url.Values) error {
	added, err := v.submit("/account-resources/", url.Values{"kind": {"activedirectory"}})
	if err != nil {
		return fmt.Errorf("add the demo's resource: %w", err)
	}
	base, _, _ := strings.Cut(added, "?")
	if _, err := v.submit(base+"/connection", connection); err != nil {
		return fmt.Errorf("save the connection of the demo's resource: %w", err)
	}
	if _, err := v.submit(base+"/enable", url.Values{}); err != nil {
		return fmt.Errorf("enable the demo's resource: %w", err)
	}
	return nil
}

var tokenPattern = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// submit sends a form and gives the path that the answer leads to.
func (v visitor) submit(path string, form url.Values) (string, error) {
	_, page, err := v.send(http.MethodGet, "/account-resources", "")
	if err != nil {
		return "", err
	}
	token := tokenPattern.FindStringSubmatch(page)
	if token == nil {
		return "", errors.New("the page has no form")
	}
	form.Set("_csrf", token[1])
	response, page, err := v.send(http.MethodPost, path, form.Encode())
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("%s answered %d: %s", path, response.StatusCode, page)
	}
	return response.Header.Get("Location"), nil
}

func (v visitor) send(method, path, form string) (*http.Response, string, error) {
	request, err := http.NewRequest(method, path, strings.NewReader(form))
	if err != nil {
		return nil, "", err
	}
	request.AddCookie(&http.Cookie{Name: sessionCookie, Value: v.session})
	if form != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.app.Test(request, -1)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}
