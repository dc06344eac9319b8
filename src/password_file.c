/*
 * Who a user is, from the password file alone.
 *
 * A program that is linked statically against glibc loads the modules of the name service (nsswitch.conf) into itself
 * where the password file does not know a user, and crashes. The linker puts these in the place of glibc's own functions
 * (--wrap, see build.rs), and they load nothing. They are called where HOME is not set, or a setting of git holds '~user'.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* The entry of a user: by name where there is one, else by number. Returns 0 and leaves *found null where there is none. */
static int look(const char *name, uid_t uid, struct passwd *entry, char *buffer, size_t len, struct passwd **found)
{
	FILE *file = fopen("/etc/passwd", "re");
	int error;

	*found = NULL;
	if (!file)
		return 0;
	while ((error = fgetpwent_r(file, entry, buffer, len, found)) == 0) {
		if (name ? !strcmp(entry->pw_name, name) : entry->pw_uid == uid)
			break;
		*found = NULL;
	}
	fclose(file);
	if (error)
		*found = NULL;
	return error == ENOENT ? 0 : error;
}

int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t len, struct passwd **found)
{
	return look(NULL, uid, entry, buffer, len, found);
}

int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t len, struct passwd **found)
{
	return look(name, 0, entry, buffer, len, found);
}

struct passwd *__wrap_getpwnam(const char *name)
{
	static struct passwd entry;
	static char buffer[8192];
	struct passwd *found;

	return look(name, 0, &entry, buffer, sizeof buffer, &found) ? NULL : found;
}

struct passwd *__wrap_getpwuid(uid_t uid)
{
	static struct passwd entry;
	static char buffer[8192];
	struct passwd *found;

	return look(NULL, uid, &entry, buffer, sizeof buffer, &found) ? NULL : found;
}
