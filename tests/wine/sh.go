// A shell for git.exe under wine: `sh -c TEXT [NAME [ARG...]]`, `sh FILE [ARG...]`, `sh` (standard input).
// Under the name of a tool, such as cat.exe, it is that tool.
// Of the programs that hooks and tests start it has cat, sleep, rm, mkdir, cp, mv, ls (names only), touch, and a chmod that does nothing.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

func tool(ctx context.Context, hc interp.HandlerContext, args []string) (bool, error) {
	at := func(p string) string {
		if filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(hc.Dir, p)
	}
	fail := func(err error) error {
		if err == nil {
			return nil
		}
		fmt.Fprintf(hc.Stderr, "%s: %v\n", args[0], err)
		return interp.NewExitStatus(1)
	}
	var plain []string
	for _, a := range args[1:] {
		if !strings.HasPrefix(a, "-") || a == "-" {
			plain = append(plain, a)
		}
	}
	switch args[0] {
	case "cat":
		if len(plain) == 0 {
			_, err := io.Copy(hc.Stdout, hc.Stdin)
			return true, fail(err)
		}
		for _, p := range plain {
			f, err := os.Open(at(p))
			if err != nil {
				return true, fail(err)
			}
			_, err = io.Copy(hc.Stdout, f)
			f.Close()
			if err != nil {
				return true, fail(err)
			}
		}
		return true, nil
	case "rm":
		for _, p := range plain {
			if err := os.RemoveAll(at(p)); err != nil {
				return true, fail(err)
			}
		}
		return true, nil
	case "mkdir":
		for _, p := range plain {
			if err := os.MkdirAll(at(p), 0o777); err != nil {
				return true, fail(err)
			}
		}
		return true, nil
	case "mv":
		return true, fail(os.Rename(at(plain[0]), at(plain[1])))
	case "cp":
		text, err := os.ReadFile(at(plain[0]))
		if err == nil {
			err = os.WriteFile(at(plain[1]), text, 0o666)
		}
		return true, fail(err)
	case "touch":
		for _, p := range plain {
			f, err := os.OpenFile(at(p), os.O_CREATE|os.O_WRONLY, 0o666)
			if err != nil {
				return true, fail(err)
			}
			f.Close()
			if err := os.Chtimes(at(p), time.Now(), time.Now()); err != nil {
				return true, fail(err)
			}
		}
		return true, nil
	case "ls":
		entries, err := os.ReadDir(at(append(plain, ".")[0]))
		for _, e := range entries {
			fmt.Fprintln(hc.Stdout, e.Name())
		}
		return true, fail(err)
	case "true":
		return true, nil
	case "false":
		return true, interp.NewExitStatus(1)
	case "sleep":
		pause, err := time.ParseDuration(plain[0] + "s")
		time.Sleep(pause)
		return true, fail(err)
	case "chmod":
		// Windows has no such bits.
		return true, nil
	}
	return false, nil
}

func handler(next interp.ExecHandlerFunc) interp.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		hc := interp.HandlerCtx(ctx)
		if done, err := tool(ctx, hc, args); done {
			return err
		}
		if strings.ContainsAny(args[0], `/\`) {
			if f, err := os.Open(args[0]); err == nil {
				line, _ := bufio.NewReader(io.LimitReader(f, 200)).ReadString('\n')
				f.Close()
				if strings.HasPrefix(line, "#!") && strings.Contains(line, "sh") {
					self, _ := os.Executable()
					return next(ctx, append([]string{self}, args...))
				}
			}
		}
		return next(ctx, args)
	}
}

func main() {
	args := os.Args[1:]
	var in io.Reader
	name := "sh"
	own := strings.TrimSuffix(strings.ToLower(filepath.Base(os.Args[0])), ".exe")
	switch {
	case own != "sh":
		in = strings.NewReader(own + ` "$@"`)
	case len(args) >= 2 && args[0] == "-c":
		in = strings.NewReader(args[1])
		args = args[2:]
		if len(args) > 0 {
			name, args = args[0], args[1:]
		}
	case len(args) >= 1:
		text, err := os.ReadFile(args[0])
		if err != nil {
			fmt.Fprintln(os.Stderr, "sh:", err)
			os.Exit(127)
		}
		in = strings.NewReader(strings.ReplaceAll(string(text), "\r\n", "\n"))
		name, args = args[0], args[1:]
	default:
		in = os.Stdin
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(in, name)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sh:", err)
		os.Exit(2)
	}
	params := append([]string{"--"}, args...)
	r, err := interp.New(interp.StdIO(os.Stdin, os.Stdout, os.Stderr), interp.Params(params...),
		interp.ExecHandler(handler(interp.DefaultExecHandler(0))),
		interp.OpenHandler(func(ctx context.Context, path string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
			if strings.HasSuffix(filepath.ToSlash(path), "/dev/null") {
				return os.OpenFile(os.DevNull, flag&^(os.O_CREATE|os.O_TRUNC), perm)
			}
			return interp.DefaultOpenHandler()(ctx, path, flag, perm)
		}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "sh:", err)
		os.Exit(2)
	}
	err = r.Run(context.Background(), file)
	if status, ok := interp.IsExitStatus(err); ok {
		os.Exit(int(status))
	}
	if err != nil {
		if _, ok := err.(*exec.Error); !ok {
			fmt.Fprintln(os.Stderr, "sh:", err)
		}
		os.Exit(1)
	}
}
