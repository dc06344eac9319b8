# The formula for a tap: copy it to Formula/git-shroud.rb there.
class GitShroud < Formula
  desc "@DESCRIPTION@"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@BASE_URL@/@NAME@-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256 @NAME@-@VERSION@-aarch64-apple-darwin.tar.gz@"
    end
    on_intel do
      url "@BASE_URL@/@NAME@-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256 @NAME@-@VERSION@-x86_64-apple-darwin.tar.gz@"
    end
  end

  on_linux do
    on_arm do
      url "@BASE_URL@/@NAME@-@VERSION@-aarch64-unknown-linux-gnu.tar.gz"
      sha256 "@SHA256 @NAME@-@VERSION@-aarch64-unknown-linux-gnu.tar.gz@"
    end
    on_intel do
      url "@BASE_URL@/@NAME@-@VERSION@-x86_64-unknown-linux-gnu.tar.gz"
      sha256 "@SHA256 @NAME@-@VERSION@-x86_64-unknown-linux-gnu.tar.gz@"
    end
  end

  def install
    bin.install "git-shroud", "git-shroud-textconv", "git-remote-shroud"
    man1.install Dir["man/man1/*.1"]
    bash_completion.install "completions/git-shroud.bash" => "git-shroud"
    zsh_completion.install "completions/_git-shroud"
    fish_completion.install "completions/git-shroud.fish"
    doc.install Dir["licences/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/git-shroud --version")
    system bin/"git-shroud", "demo"
  end
end
