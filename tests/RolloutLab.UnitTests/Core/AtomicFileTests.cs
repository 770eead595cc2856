using System.Text;
using RolloutLab.Core;
using RolloutLab.UnitTests.Runs;

namespace RolloutLab.UnitTests.Core;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_old_content_stays_until_the_new_one_is_complete()
    {
        var path = _folder.File("f");
        AtomicFile.WriteText(path, "old");
        AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(path));
        });
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_write_that_fails_half_way_leaves_the_old_content_and_nothing_beside_it()
    {
        var path = _folder.File("f");
        AtomicFile.WriteText(path, "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write(Encoding.UTF8.GetBytes("half"));
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Text_is_utf8_without_a_byte_order_mark()
    {
        AtomicFile.WriteText(_folder.File("f"), "é\n");
        Assert.Equal([0xC3, 0xA9, 0x0A], File.ReadAllBytes(_folder.File("f")));
    }

    [Fact]
    public void What_the_file_system_refuses_leaves_the_target_and_nothing_beside_it()
    {
        Directory.CreateDirectory(_folder.File("target"));
        var error = Record.Exception(() => AtomicFile.WriteText(_folder.File("target"), "x"));
        Assert.True(error is IOException or UnauthorizedAccessException);
        Assert.Equal([_folder.File("target")], Directory.GetFileSystemEntries(_folder.Path));
    }
}
