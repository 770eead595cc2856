namespace RolloutLab.EndToEndTests.Launcher;

/// <summary>The scripts that stand in for real tools, and the project they work on.</summary>
internal static class FakeTools
{
    /// <summary>The files of the sandbox's project, empty where nothing reads them.</summary>
    public static readonly string[] ProjectFiles =
    [
        "package.json", "package-lock.json", ".npmrc", "RolloutLab.sln", "global.json", "Directory.Build.props",
        "Directory.Packages.props", ".editorconfig", "native/CMakeLists.txt", "native/src/tensor.cpp",
        "src/RolloutLab.Cli/Program.cs", "src/RolloutLab.Cli/Extra.cs", "src/RolloutLab.Cli/obj/generated.cs",
        "tests/RolloutLab.FirstTests/A.cs", "tests/RolloutLab.SecondTests/B.cs",
    ];

    /// <summary>The tools by name. <c>hold</c> and <c>fail-*</c> are files by which a test steers them.</summary>
    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>
    {
        ["id"] = "echo 1000",
        ["ninja"] = "",
        ["g++"] = "",
        ["npm"] = """
            echo "npm $*" >>"$SANDBOX/calls"
            [[ ! -e $SANDBOX/fail-npm ]] || exit 1
            folder=$SANDBOX/project/node_modules/@duckdb/node-bindings-linux-x64
            mkdir -p "$folder" && touch "$folder/libduckdb.so"
            """,
        ["cmake"] = """
            echo "cmake $*" >>"$SANDBOX/calls"
            if [[ -e $SANDBOX/fail-cmake ]]; then echo 'tensor.cpp:7:1: error: expected ;' && exit 1; fi
            mkdir -p "$SANDBOX/project/.build/native"
            [[ $1 != --build ]] || touch "$SANDBOX/project/.build/native/librolloutlab.so"
            """,
        ["dotnet"] = """
            echo "dotnet $*" >>"$SANDBOX/calls"
            case $1 in
              build)
                while [[ -e $SANDBOX/hold ]]; do sleep 0.02; done
                if [[ -e $SANDBOX/fail-dotnet ]]; then echo 'Program.cs(7,1): error CS1002: ; expected' && exit 1; fi
                for assembly in src/RolloutLab.Cli/rolloutlab tests/RolloutLab.{First,Second}Tests/RolloutLab.{First,Second}Tests; do
                  folder=$SANDBOX/project/${assembly%/*}/bin/Release/net10.0
                  mkdir -p "$folder" && touch "$folder/${assembly##*/}.dll"
                done ;;
              test)
                name=${2##*/} name=${name%.dll}
                echo "console of $name"
                [[ ! -e $SANDBOX/$name.trx ]] || cp "$SANDBOX/$name.trx" .build/test-results/
                [[ ! -e $SANDBOX/$name.exit ]] || exit "$(cat "$SANDBOX/$name.exit")" ;;
              *)
                env >"$SANDBOX/environment"
                echo 'output of the program'
                exit 7 ;;
            esac
            """,
    };
}
