# nix run / nix profile install / nix develop, on this repository. Version and description come from Cargo.toml.
{
  description = "Transparent encryption for the files in a git repository that must stay secret";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      cargo = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).package;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      each = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
    in
    {
      packages = each (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = cargo.name;
          version = cargo.version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          # Linked to the libraries of Nix, instead of statically as .cargo/config.toml has it.
          env.RUSTFLAGS = "";
          # The tests use other programs, and repositories of their own.
          doCheck = false;
          nativeBuildInputs = [ pkgs.installShellFiles ];
          nativeInstallCheckInputs = [ pkgs.git ];
          postInstall = ''
            $out/bin/git-shroud man man1
            installManPage man1/*.1
            installShellCompletion --cmd git-shroud \
              --bash <($out/bin/git-shroud completions bash) \
              --zsh <($out/bin/git-shroud completions zsh) \
              --fish <($out/bin/git-shroud completions fish)
          '';
          doInstallCheck = true;
          installCheckPhase = ''
            HOME=$TMPDIR PATH=$out/bin:$PATH git shroud demo
          '';
          meta = {
            inherit (cargo) description;
            license = with pkgs.lib.licenses; [ mit asl20 ];
            mainProgram = cargo.name;
          };
        };
      });
      devShells = each (pkgs: {
        default = pkgs.mkShell {
          packages = with pkgs; [ cargo clippy rustc rustfmt git ];
          RUSTFLAGS = "";
        };
      });
    };
}
