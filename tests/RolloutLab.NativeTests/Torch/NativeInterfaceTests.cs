using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using RolloutLab.Torch;
using RolloutLab.Torch.Native;

namespace RolloutLab.NativeTests.Torch;

/// <summary>The header, the imports and the built library say the same.</summary>
public partial class NativeInterfaceTests
{
    private static readonly string s_header = File.ReadAllText(
        Path.Combine(RepositoryRoot(), "native", "include", "rolloutlab.h"));

    [Fact]
    public void Every_export_of_the_header_is_imported_and_nothing_else()
    {
        var imported = Imports().Select(method => method.Name).Order(StringComparer.Ordinal);
        Assert.Equal(Declarations().Keys.Order(StringComparer.Ordinal), imported);
    }

    [Fact]
    public void Every_import_has_as_many_parameters_as_its_export()
    {
        var declared = Declarations();
        foreach (var method in Imports())
        {
            Assert.True(
                declared[method.Name].Count == method.GetParameters().Length,
                $"{method.Name}: {declared[method.Name].Count} parameters in the header, {method.GetParameters().Length} imported");
        }
    }

    [Fact]
    public void Every_import_passes_each_parameter_as_the_kind_the_header_declares()
    {
        var declared = Declarations();
        foreach (var method in Imports())
        {
            var expected = declared[method.Name].Select(KindOfC);
            var actual = method.GetParameters().Select(parameter => KindOfManaged(parameter.ParameterType));
            Assert.Equal((method.Name, string.Join(' ', expected)), (method.Name, string.Join(' ', actual)));
        }
    }

    [Fact]
    public void The_library_exports_what_the_header_declares_and_nothing_else()
    {
        var path = NativeLibraryLoader.Locate(Environment.GetEnvironmentVariable("ROLLOUTLAB_NATIVE"), AppContext.BaseDirectory);
        var start = new ProcessStartInfo("nm", ["-D", "--defined-only", "--format=posix", path]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var exported = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .Where(fields => fields[1] == "T")
            .Select(fields => fields[0])
            .Order(StringComparer.Ordinal)
            .ToList();
        process.WaitForExit();

        Assert.Equal(0, process.ExitCode);
        Assert.Equal(Declarations().Keys.Order(StringComparer.Ordinal), exported);
    }

    [Theory]
    [InlineData("rl_unary_op", typeof(UnaryOp))]
    [InlineData("rl_binary_op", typeof(BinaryOp))]
    [InlineData("rl_reduce_op", typeof(ReduceOp))]
    [InlineData("rl_status", typeof(TorchStatus))]
    [InlineData("rl_dtype", typeof(ScalarType))]
    [InlineData("rl_device_type", typeof(DeviceType))]
    public void Enumerations_agree(string name, Type managed)
    {
        var body = Regex.Match(s_header, $$"""enum {{name}} \{(.*?)\};""", RegexOptions.Singleline).Groups[1].Value;
        var native = Constant().Matches(body)
            .ToDictionary(match => Fold(match.Groups[1].Value), match => int.Parse(match.Groups[2].Value));
        var mirrored = Enum.GetNames(managed)
            .ToDictionary(value => Fold(value == "Byte" ? "Uint8" : value), value => (int)Enum.Parse(managed, value));
        Assert.NotEmpty(native);
        Assert.Equal(native.OrderBy(entry => entry.Key), mirrored.OrderBy(entry => entry.Key));
    }

    [Fact]
    public void Structures_and_limits_have_the_header_s_sizes()
    {
        Assert.Contains("#define RL_MAX_DIMS 8", s_header, StringComparison.Ordinal);
        Assert.Contains($"#define RL_ABI_VERSION {NativeLibraryLoader.AbiVersion}", s_header, StringComparison.Ordinal);
        Assert.Equal(8, ShapeBuffer.Length);
        Assert.Equal(SizeInHeader("rl_tensor_info"), Unsafe.SizeOf<TensorInfo>());
        Assert.Equal(SizeInHeader("rl_memory"), Unsafe.SizeOf<NativeMemoryCounts>());
        Assert.Equal(SizeInHeader("rl_sample_request"), Unsafe.SizeOf<NativeSampleRequest>());
        Assert.Equal(SizeInHeader("rl_top_tokens"), Unsafe.SizeOf<NativeTopTokens>());
        Assert.Equal(SizeInHeader("rl_adamw_options"), Unsafe.SizeOf<AdamWOptions>());
    }

    [Fact]
    public void A_library_that_is_nowhere_is_a_setup_error_with_the_remedy()
    {
        var nowhere = Directory.CreateTempSubdirectory("rolloutlab-native-");
        try
        {
            var searched = Assert.Throws<Core.SetupException>(() => NativeLibraryLoader.Locate(null, nowhere.FullName));
            var named = Assert.Throws<Core.SetupException>(() => NativeLibraryLoader.Locate(nowhere.FullName, "/"));
            Assert.All(new[] { searched, named }, error => Assert.Contains("./rolloutlab setup", error.Message, StringComparison.Ordinal));
        }
        finally
        {
            nowhere.Delete();
        }
    }

    [Fact]
    public void The_library_is_found_by_name_beside_the_program_and_above_it()
    {
        var root = Directory.CreateTempSubdirectory("rolloutlab-native-");
        try
        {
            var program = root.CreateSubdirectory("src/bin");
            var built = Touch(Path.Combine(root.CreateSubdirectory(".build/native").FullName, NativeLibraryLoader.FileName));
            Assert.Equal(built, NativeLibraryLoader.Locate(null, program.FullName));
            Assert.Equal(built, NativeLibraryLoader.Locate(Path.GetDirectoryName(built), "/"));
            Assert.Equal(built, NativeLibraryLoader.Locate(built, "/"));

            var beside = Touch(Path.Combine(program.FullName, NativeLibraryLoader.FileName));
            Assert.Equal(beside, NativeLibraryLoader.Locate(string.Empty, program.FullName));
        }
        finally
        {
            root.Delete(recursive: true);
        }

        static string Touch(string path)
        {
            File.WriteAllBytes(path, []);
            return path;
        }
    }

    private static IEnumerable<MethodInfo> Imports() =>
        typeof(NativeMethods).GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(method => method.Name.StartsWith("rl_", StringComparison.Ordinal));

    private static Dictionary<string, List<string>> Declarations() =>
        Declaration().Matches(s_header).ToDictionary(
            match => match.Groups[1].Value,
            match => match.Groups[2].Value.Split(',').Select(text => text.Trim()).Where(text => text != "void").ToList());

    private static string KindOfC(string parameter) =>
        parameter.Contains('*', StringComparison.Ordinal) ? "pointer" : parameter.Split(' ')[0];

    private static string KindOfManaged(Type type) => type switch
    {
        { IsByRef: true } or { IsPointer: true } => "pointer",
        _ when type == typeof(nint) || type.IsSubclassOf(typeof(SafeHandle)) => "pointer",
        _ when type == typeof(int) => "int32_t",
        _ when type == typeof(long) => "int64_t",
        _ when type == typeof(double) => "double",
        _ => type.Name,
    };

    private static int SizeInHeader(string structure)
    {
        var body = Regex.Match(s_header, $$"""struct {{structure}} \{(.*?)\}""", RegexOptions.Singleline).Groups[1].Value;
        return Field().Matches(body).Sum(match =>
            (match.Groups[2].Value == "" && match.Groups[1].Value == "int32_t" ? 4 : 8) * (match.Groups[3].Value == "" ? 1 : 8));
    }

    private static string Fold(string name) =>
        (name.StartsWith("RL_", StringComparison.Ordinal) ? name[3..] : name).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static string RepositoryRoot([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    [GeneratedRegex(@"RL_API [\w\s\*]*?(rl_\w+)\(([^)]*)\)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(RL_\w+) = (\d+)")]
    private static partial Regex Constant();

    [GeneratedRegex(@"(?:const )?(\w+)(\*?) \w+(\[RL_MAX_DIMS\])?;")]
    private static partial Regex Field();
}
