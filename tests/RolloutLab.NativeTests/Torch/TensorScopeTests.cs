using System.Runtime.CompilerServices;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Torch;

[Collection(nameof(LiveTensors))]
public class TensorScopeTests
{
    [Fact]
    public void A_scope_frees_what_was_made_in_it_and_keeps_what_was_kept()
    {
        var start = TorchRuntime.Memory().LiveTensors;
        using (var outer = new TensorScope())
        {
            Tensor sum;
            using (var inner = new TensorScope())
            {
                var a = torch.ones([3]);
                sum = inner.Keep((a + a * 2.0).sum());
                Assert.Equal(3, inner.Count);
                Assert.Equal(start + 4, TorchRuntime.Memory().LiveTensors);
            }

            Assert.Equal(start + 1, TorchRuntime.Memory().LiveTensors);
            Assert.Equal(1, outer.Count);
            Assert.Equal(9, sum.item());
        }

        Assert.Equal(start, TorchRuntime.Memory().LiveTensors);
    }

    [Fact]
    public void Keep_moves_one_level_at_a_time()
    {
        var start = TorchRuntime.Memory().LiveTensors;
        using (var outer = new TensorScope())
        {
            Tensor kept;
            using (var middle = new TensorScope())
            {
                using (var inner = new TensorScope())
                {
                    kept = inner.Keep(torch.ones([1]));
                }

                Assert.Equal(1, middle.Count);
                Assert.Equal(0, outer.Count);
                middle.Keep(kept);
            }

            Assert.Equal(1, outer.Count);
            Assert.Equal(1, kept.item());
        }

        Assert.Equal(start, TorchRuntime.Memory().LiveTensors);
    }

    [Fact]
    public void Making_a_tensor_outside_any_scope_is_refused_and_leaks_nothing()
    {
        var start = TorchRuntime.Memory().LiveTensors;
        Assert.Throws<InvalidOperationException>(() => torch.zeros([1]));
        Assert.Equal(start, TorchRuntime.Memory().LiveTensors);
    }

    [Fact]
    public void Results_of_several_tensors_outside_any_scope_leak_nothing()
    {
        var start = TorchRuntime.Memory().LiveTensors;
        using var owner = new TensorOwner();
        Tensor x;
        Tensor weight;
        using (new TensorScope())
        {
            x = owner.Take(torch.ones([2, 4]));
            weight = owner.Take(torch.ones([4]));
        }

        Assert.Throws<InvalidOperationException>(() => fused.add_rms_norm(x, x, weight, 1e-6));
        Assert.Equal(start + 2, TorchRuntime.Memory().LiveTensors);
    }

    [Fact]
    public void An_exception_through_nested_scopes_frees_them_all()
    {
        var start = TorchRuntime.Memory().LiveTensors;
        Assert.Throws<InvalidDataException>(FailInside);
        Assert.Equal(start, TorchRuntime.Memory().LiveTensors);
        Assert.Throws<InvalidOperationException>(() => torch.zeros([1]));

        static void FailInside()
        {
            using var outer = new TensorScope();
            torch.zeros([1]);
            using var inner = new TensorScope();
            torch.zeros([1]);
            throw new InvalidDataException();
        }
    }

    [Fact]
    public void An_owner_s_tensors_outlive_scopes_and_end_with_the_owner()
    {
        var start = TorchRuntime.Memory().LiveTensors;
        var owner = new TensorOwner();
        Tensor weight;
        using (new TensorScope())
        {
            weight = owner.Take(torch.full([2], 7));
            torch.zeros([5]);
        }

        Assert.Equal(start + 1, TorchRuntime.Memory().LiveTensors);
        Assert.Equal([7f, 7f], weight.ToArray<float>());
        owner.Dispose();
        owner.Dispose();
        Assert.Equal(start, TorchRuntime.Memory().LiveTensors);
        Assert.Throws<ObjectDisposedException>(() => weight.item());
        Assert.Throws<ObjectDisposedException>(() => owner.Take(weight));
    }

    [Fact]
    public void Disposing_a_tensor_early_takes_it_out_of_its_scope_once()
    {
        var start = TorchRuntime.Memory().LiveTensors;
        using var scope = new TensorScope();
        var first = torch.zeros([1]);
        var second = torch.ones([1]);
        var third = torch.full([1], 2);

        first.Dispose();
        first.Dispose();

        Assert.Equal(2, scope.Count);
        Assert.Equal(start + 2, TorchRuntime.Memory().LiveTensors);
        Assert.Equal(3, (second + third).item());
        Assert.Throws<ObjectDisposedException>(() => first + second);
        using var owner = new TensorOwner();
        Assert.Throws<ObjectDisposedException>(() => owner.Take(first));
    }

    [Fact]
    public void Keep_refuses_foreign_freed_and_outermost_tensors()
    {
        using var outer = new TensorScope();
        var ofOuter = torch.zeros([1]);
        Refuses(in outer, ofOuter);
        using var inner = new TensorScope();
        Refuses(in inner, ofOuter);
        var freed = torch.zeros([1]);
        freed.Dispose();
        Refuses(in inner, freed);
        Assert.Equal(1, outer.Count);

        static void Refuses(in TensorScope scope, Tensor tensor)
        {
            var refused = false;
            try
            {
                scope.Keep(tensor);
            }
            catch (InvalidOperationException)
            {
                refused = true;
            }

            Assert.True(refused);
        }
    }

    [Fact]
    public void Disposing_an_outer_scope_first_is_refused_and_frees_nothing()
    {
        var outer = new TensorScope();
        var tensor = torch.full([1], 3);
        var inner = new TensorScope();
        var refused = false;
        try
        {
            outer.Dispose();
        }
        catch (InvalidOperationException)
        {
            refused = true;
        }

        Assert.True(refused);
        Assert.Equal(3, tensor.item());
        inner.Dispose();
        outer.Dispose();
    }

    [Fact]
    public void A_copy_of_a_closed_scope_cannot_touch_the_scope_that_took_its_place()
    {
        var first = new TensorScope();
        var copy = first;
        first.Dispose();
        using var second = new TensorScope();
        torch.zeros([1]);

        copy.Dispose();

        Assert.Equal(1, second.Count);
    }

    [Fact]
    public void A_default_scope_is_inert()
    {
        TensorScope scope = default;
        scope.Dispose();
        Assert.Throws<InvalidOperationException>(() => torch.zeros([1]));
    }

    [Fact]
    public void A_scope_is_of_its_thread()
    {
        using var scope = new TensorScope();
        var tensor = torch.full([1], 4);
        using var owner = new TensorOwner();
        OnAnotherThread(() =>
        {
            Assert.Throws<InvalidOperationException>(() => torch.zeros([1]));
            Assert.Throws<InvalidOperationException>(tensor.Dispose);
            Assert.Throws<InvalidOperationException>(() => owner.Take(tensor));
            Assert.Equal(4, tensor.item());
        });
        Assert.Equal(1, scope.Count);
    }

    [Fact]
    public void Four_thousand_megabyte_tensors_in_scopes_stay_flat()
    {
        var start = TorchRuntime.Memory();
        for (var step = 0; step < 4000; step++)
        {
            using var scope = new TensorScope();
            torch.full([1 << 18], step + 1);
        }

        var end = TorchRuntime.Memory();
        Assert.Equal(start.LiveTensors, end.LiveTensors);
        Assert.InRange(end.ResidentBytes - start.ResidentBytes, long.MinValue, 64L << 20);
        Assert.True(end.PeakResidentBytes >= end.ResidentBytes);
    }

    [Fact]
    public void A_tensor_left_to_the_finalizer_is_counted_as_a_leak()
    {
        var start = TorchRuntime.Memory();
        OnAnotherThread(AbandonScope);
        for (var attempt = 0; attempt < 50 && TorchRuntime.Memory().LiveTensors > start.LiveTensors; attempt++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        var end = TorchRuntime.Memory();
        Assert.Equal(start.LiveTensors, end.LiveTensors);
        Assert.Equal(start.FinalizedTensors + 2, end.FinalizedTensors);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void AbandonScope()
        {
            _ = new TensorScope();
            torch.zeros([1]);
            torch.zeros([1]);
        }
    }

    private static void OnAnotherThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
