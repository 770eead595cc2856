using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Torch;

public class ErrorTests
{
    [Fact]
    public void Shapes_that_do_not_fit_are_one_line_naming_the_export()
    {
        using var scope = new TensorScope();
        var error = Assert.Throws<TorchException>(() => torch.zeros([2, 3]).matmul(torch.zeros([2, 3])));
        Assert.Equal(TorchStatus.Error, error.Status);
        Assert.Equal("rl_tensor_matmul", error.Export);
        Assert.Contains("2x3 and 2x3", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("Exception raised from", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_beyond_the_table_is_refused()
    {
        using var scope = new TensorScope();
        var table = torch.zeros([3, 2]);
        var error = Assert.Throws<TorchException>(() => torch.embedding(table, torch.tensor<long>([3])));
        Assert.Equal("rl_tensor_embedding", error.Export);
        Assert.Throws<TorchException>(() => table.index_select(0, torch.tensor<long>([-4])));
        Assert.Equal(TorchStatus.InvalidArgument, Assert.Throws<TorchException>(() => table.transpose(0, 5)).Status);
    }

    [Fact]
    public void Asking_for_more_memory_than_there_is_leaves_the_process_whole()
    {
        using var scope = new TensorScope();
        var before = torch.full([2], 5);
        var error = Assert.Throws<TorchOutOfMemoryException>(() => torch.empty([1L << 60]));
        Assert.Equal(TorchStatus.OutOfMemory, error.Status);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(10, before.sum().item());
    }

    [Fact]
    public void A_shape_whose_size_overflows_is_refused()
    {
        using var scope = new TensorScope();
        Assert.Throws<TorchException>(() => torch.empty([1L << 40, 1L << 40]));
        Assert.Throws<TorchException>(() => torch.empty([-1]));
    }

    [Fact]
    public void Arguments_outside_their_range_have_their_own_status()
    {
        using var scope = new TensorScope();
        Assert.Equal(
            TorchStatus.InvalidArgument,
            Assert.Throws<TorchException>(() => torch.zeros([1, 1, 1, 1, 1, 1, 1, 1, 1])).Status);
        Assert.Equal(TorchStatus.InvalidArgument, Assert.Throws<TorchException>(() => torch.zeros([1], (ScalarType)12)).Status);
        Assert.Equal(TorchStatus.InvalidArgument, Assert.Throws<TorchException>(() => torch.zeros([1]).clamp(2, 1)).Status);
        Assert.Equal(
            TorchStatus.InvalidArgument,
            Assert.Throws<TorchException>(() => torch.tensor<float>([1, 2, 3], [2])).Status);
    }

    [Fact]
    public void The_message_is_of_the_thread_that_failed()
    {
        using var scope = new TensorScope();
        var here = Assert.Throws<TorchException>(() => torch.zeros([2]).reshape(3));
        var there = string.Empty;
        var thread = new Thread(() =>
        {
            using var other = new TensorScope();
            there = Assert.Throws<TorchException>(() => torch.cat([])).Message;
        });
        thread.Start();
        thread.Join();
        Assert.StartsWith("rl_tensor_reshape", here.Message, StringComparison.Ordinal);
        Assert.StartsWith("rl_tensor_cat", there, StringComparison.Ordinal);
        Assert.NotEqual(here.Message[here.Message.IndexOf(' ', StringComparison.Ordinal)..], there[there.IndexOf(' ', StringComparison.Ordinal)..]);
    }

    [Fact]
    public void A_list_with_a_freed_tensor_is_refused_and_its_neighbours_stay_usable()
    {
        using var scope = new TensorScope();
        var first = torch.ones([1]);
        var freed = torch.ones([1]);
        freed.Dispose();

        Assert.Throws<ObjectDisposedException>(() => torch.cat([first, freed]));
        first.Dispose();

        Assert.Throws<ObjectDisposedException>(() => first.item());
        Assert.Throws<ArgumentNullException>(() => torch.cat([torch.ones([1]), null!]));
    }
}
