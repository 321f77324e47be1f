package dev.cipherlink.crypto;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;

/// Paths that only their user and root can change, by the rule of sshd's StrictModes: every folder from the root on, and
/// every link on the way, belongs to root or to the user of this process, and no other user can write the folder. A
/// folder that others can write must have the sticky bit, as `/tmp` has, so that they cannot rename or delete files of
/// another user.
///
/// On such a path no other user can swap a link or a file between the check and the use, so the returned path needs no
/// further guard. A process of root refuses the folders of other users.
///
/// Each call takes one `lstat` per path element. Every error names the file, the fault and the remedy.
public final class TrustedPath {

    private static final int MAX_LINKS = 40;

    private static final int FILE_TYPE = 0170000;
    private static final int LINK = 0120000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int STICKY = 01000;
    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int PERMISSIONS = 07777;

    private static final FileAttribute<Set<PosixFilePermission>> MODE_0700 =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path asked;
    private final Deque<Path> ahead = new ArrayDeque<>();
    private Path reached;
    private int links;

    private TrustedPath(Path asked) {
        this.asked = asked;
    }

    /// Type, permissions and owner of a file or folder.
    private record Node(int mode, int owner) {
        static Node of(Path path) throws IOException {
            Map<String, Object> attributes = Files.readAttributes(path, "unix:mode,uid", LinkOption.NOFOLLOW_LINKS);
            return new Node((Integer) attributes.get("mode"), (Integer) attributes.get("uid"));
        }

        boolean is(int type) {
            return (mode & FILE_TYPE) == type;
        }

        boolean isOwnerTrusted() {
            return owner == 0 || owner == User.ID;
        }

        boolean isWritableByOthers() {
            return (mode & WRITABLE_BY_OTHERS) != 0;
        }
    }

    private static final class User {
        /// The effective user: the owner of `/proc/self` on Linux, a system call elsewhere.
        private static final int ID = id();

        private static int id() {
            try {
                return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            } catch (IOException e) {
                return NativeLibrary.getProcess().getFunction("geteuid").invokeInt(new Object[0]);
            }
        }
    }

    /// Resolves a path, following links.
    ///
    /// @return the path without links; its last elements need not exist
    /// @throws IOException if any element of it, the target included, belongs to another user or is writable by one, or
    ///     cannot be examined
    public static Path resolve(Path path) throws IOException {
        var walk = new TrustedPath(path);
        Path end = walk.follow(path.toAbsolutePath());
        walk.requireEnd(end);
        return end;
    }

    /// Creates the missing folders of a path with mode 0700, whatever the umask is.
    ///
    /// @return the folder, without links
    /// @throws IOException as [#resolve] does, or if a folder cannot be created
    public static Path createFolders(Path folder) throws IOException {
        Path resolved = resolve(folder);
        Files.createDirectories(resolved, MODE_0700);
        // Checked again: in a folder with the sticky bit another user may have created it first.
        return resolve(resolved);
    }

    private Path follow(Path absolute) throws IOException {
        reached = absolute.getRoot();
        absolute.forEach(ahead::addLast);
        while (!ahead.isEmpty()) {
            requireFolder(reached);
            Path name = ahead.removeFirst();
            if (name.toString().equals("..")) {
                reached = reached.getParent() == null ? reached : reached.getParent();
            } else if (!name.toString().equals(".") && !step(reached.resolve(name))) {
                break;
            }
        }
        ahead.stream().filter(name -> !name.toString().equals(".")).forEach(name -> reached = reached.resolve(name));
        return reached;
    }

    /// @return false if the walk ends there: the element does not exist, or has no name
    private boolean step(Path next) throws IOException {
        Node node;
        try {
            node = Node.of(next);
        } catch (NoSuchFileException _) {
            reached = next;
            return false;
        }
        if (!node.is(LINK)) {
            reached = next;
            return true;
        }
        if (!node.isOwnerTrusted()) {
            throw refusal("the link " + next + " belongs to " + ownerOf(next) + ", who decides where it leads");
        }
        if (++links > MAX_LINKS) {
            throw refusal("there are too many links on the way to it");
        }
        Path target = Files.readSymbolicLink(next);
        if (!Files.exists(reached.resolve(target), LinkOption.NOFOLLOW_LINKS) && Files.exists(next)) {
            reached = next; // an entry of /proc/self/fd: a pipe of this process
            return false;
        }
        for (int i = target.getNameCount() - 1; i >= 0; i--) {
            ahead.addFirst(target.getName(i));
        }
        reached = target.isAbsolute() ? target.getRoot() : reached;
        return true;
    }

    private void requireFolder(Path folder) throws IOException {
        Node node = Node.of(folder);
        if (!node.isOwnerTrusted()) {
            String owner = ownerOf(folder);
            throw refusal("its folder " + folder + " belongs to " + owner + ", who can put another file in its place: run this as "
                    + owner + ", or use a folder of your own");
        }
        if (node.isWritableByOthers() && (node.mode() & STICKY) == 0) {
            throw refusal("others can write its folder " + folder + " (mode " + octal(node)
                    + ") and so put another file in its place: run chmod go-w " + folder);
        }
    }

    /// The sticky bit is not enough here: it lets others add files beside ours.
    private void requireEnd(Path end) throws IOException {
        Node node;
        try {
            node = Node.of(end);
        } catch (NoSuchFileException _) {
            return;
        }
        if (!node.isOwnerTrusted()) {
            String owner = ownerOf(end);
            throw refusal("it belongs to " + owner + ", who can change it: run this as " + owner + ", or use one of your own");
        }
        if (node.isWritableByOthers() && !node.is(CHARACTER_DEVICE)) {
            throw refusal("others can write it (mode " + octal(node) + "): run chmod go-w " + end);
        }
    }

    private static String octal(Node node) {
        return String.format("%04o", node.mode() & PERMISSIONS);
    }

    private static String ownerOf(Path path) throws IOException {
        return Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName();
    }

    private FileSystemException refusal(String reason) {
        return new FileSystemException(asked.toString(), null, reason);
    }
}
