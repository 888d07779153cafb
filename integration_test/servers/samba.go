package servers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Directory is a running Samba AD and what one needs to know to use it.
type Directory struct {
	Host          string `json:"host"` // an address, which the certificate names; ports 389, 636 and 3268
	BaseDN        string `json:"base_dn"`
	BindDN        string `json:"bind_dn"` // a domain admin
	Password      string `json:"password"`
	CACertificate string `json:"ca_certificate"` // PEM
}

const (
	sambaRealm    = "EXAMPLE.TEST"
	sambaDomain   = "EXAMPLE"
	sambaBase     = "DC=example,DC=test"
	sambaAdmin    = "CN=Administrator,CN=Users," + sambaBase
	sambaPassword = "Correct-Horse-7"
)

// The ports of a domain controller, which Samba does not let one choose.
var sambaPorts = [...]int{389, 636, 3268, 3269}

// The loopback addresses that domain controllers get: 127.0.0.firstHost and up.
const firstHost, lastHost = 10, 99

// sambaConfig keeps everything that Samba touches inside its folder. The mask behind the address matters: without
// it Samba finds no interface and listens nowhere.
const sambaConfig = `[global]
	netbios name = {{.Name}}
	workgroup = ` + sambaDomain + `
	realm = ` + sambaRealm + `
	server role = active directory domain controller
	server services = ldap
	bind interfaces only = yes
	interfaces = {{.Host}}/8
	private dir = {{.Dir}}/private
	state directory = {{.Dir}}/state
	cache directory = {{.Dir}}/cache
	lock directory = {{.Dir}}/lock
	pid directory = {{.Dir}}/pid
	ncalrpc dir = {{.Dir}}/ncalrpc
	binddns dir = {{.Dir}}/bind-dns
	winbindd socket directory = {{.Dir}}/winbindd
	ntp signd socket directory = {{.Dir}}/ntp
	logging = file
	log file = {{.Dir}}/samba.log
	max log size = 0
	load printers = no
	panic action =
	ldap server require strong auth = no
	tls enabled = yes
	tls keyfile = {{.Dir}}/key.pem
	tls certfile = {{.Dir}}/cert.pem
	tls cafile = {{.Dir}}/ca.pem
`

// startSamba provisions a domain in dir and runs its controller on the first loopback address that is free.
func startSamba(ctx context.Context, dir string) (Directory, *process, error) {
	if os.Geteuid() != 0 {
		return Directory{}, nil, errors.New("samba listens on ports 389 and 636 and needs root; run the tests as root or through sudo")
	}
	if err := provision(ctx, dir); err != nil {
		return Directory{}, nil, err
	}
	var refused error
	for n := firstHost; n <= lastHost; n++ {
		host := fmt.Sprintf("127.0.0.%d", n)
		if err := portsFree(host, sambaPorts[:]...); err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		d, p, err := startController(ctx, dir, host)
		if errors.Is(err, errEnded) { // somebody took a port meanwhile
			refused = errors.Join(refused, err)
			continue
		}
		return d, p, err
	}
	return Directory{}, nil, fmt.Errorf("no loopback address can serve a domain controller: %w", refused)
}

func provision(ctx context.Context, dir string) error {
	for _, sub := range []string{"cache", "lock", "pid", "ncalrpc", "winbindd", "ntp"} {
		mode := os.FileMode(0o755)
		if sub == "ntp" || sub == "winbindd" {
			mode = 0o750
		}
		if err := os.MkdirAll(filepath.Join(dir, sub), mode); err != nil {
			return fmt.Errorf("prepare samba's folder: %w", err)
		}
	}
	err := run(ctx, dir, nil, "samba-tool", "domain", "provision", "--quiet", "--targetdir="+dir, "--server-role=dc",
		"--dns-backend=NONE", "--host-name=dc", "--realm="+sambaRealm, "--domain="+sambaDomain,
		"--adminpass="+sambaPassword, "--option=bind interfaces only=yes", "--option=interfaces=127.0.0.1/8")
	if err != nil {
		return fmt.Errorf("provision a domain: %w", err)
	}
	return nil
}

func startController(ctx context.Context, dir, host string) (Directory, *process, error) {
	ca, err := NewAuthority("Integration test authority")
	if err != nil {
		return Directory{}, nil, err
	}
	if err := configureSamba(dir, host, ca); err != nil {
		return Directory{}, nil, fmt.Errorf("configure samba: %w", err)
	}
	p, err := start("samba", dir, nil, "samba", "--configfile="+filepath.Join(dir, "smb.conf"),
		"--foreground", "--no-process-group", "-M", "single")
	if err != nil {
		return Directory{}, nil, err
	}
	d := Directory{
		Host: host, BaseDN: sambaBase, BindDN: sambaAdmin, Password: sambaPassword, CACertificate: string(ca.PEM),
	}
	// Only our own controller has a certificate of this authority: an answer proves that it is the one.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := p.await(ctx, func(context.Context) error { return d.relax() }); err != nil {
		p.stop()
		return Directory{}, nil, err
	}
	return d, p, nil
}

func configureSamba(dir, host string, ca *Authority) error {
	certificate, key, err := ca.Issue(time.Now().Add(24*time.Hour), host, "dc.example.test")
	if err != nil {
		return err
	}
	var conf strings.Builder
	values := map[string]string{"Name": "DC", "Host": host, "Dir": dir}
	if err := template.Must(template.New("").Parse(sambaConfig)).Execute(&conf, values); err != nil {
		return err
	}
	files := map[string][]byte{
		"smb.conf": []byte(conf.String()), "ca.pem": ca.PEM, "cert.pem": certificate, "key.pem": key,
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// relax lets tests give accounts any password, and locks an account after a few wrong ones.
func (d Directory) relax() error {
	conn, err := d.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	m := ldap.NewModifyRequest(d.BaseDN, nil)
	m.Replace("pwdProperties", []string{"0"})
	m.Replace("minPwdLength", []string{"1"})
	m.Replace("lockoutThreshold", []string{"3"})
	if err := conn.Modify(m); err != nil {
		return fmt.Errorf("relax the password policy: %w", err)
	}
	return nil
}

// dial connects over TLS and binds as the domain admin.
func (d Directory) dial() (*ldap.Conn, error) {
	ca, err := parseCertificate(d.CACertificate)
	if err != nil {
		return nil, err
	}
	conn, err := ldap.DialURL("ldaps://"+net.JoinHostPort(d.Host, "636"),
		ldap.DialWithTLSConfig(&tls.Config{RootCAs: ca, ServerName: d.Host, MinVersion: tls.VersionTLS12}),
		ldap.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}))
	if err != nil {
		return nil, fmt.Errorf("connect to samba: %w", err)
	}
	conn.SetTimeout(30 * time.Second)
	if err := conn.Bind(d.BindDN, d.Password); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("bind to samba: %w", err)
	}
	return conn, nil
}
