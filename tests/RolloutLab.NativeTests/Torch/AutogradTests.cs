using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Torch;

public class AutogradTests
{
    [Fact]
    public void Gradient_of_a_linear_least_squares_loss_matches_the_hand_computed_one()
    {
        using var scope = new TensorScope();
        var x = torch.tensor<float>([1, 2, 3, 4], [2, 2]);
        var w = torch.tensor<float>([0.5f, -1], [1, 2]).requires_grad_();
        var bias = torch.tensor<float>([0.25f]).requires_grad_();

        // x wT + b = [-1.25, -2.25]; loss = mean of squares = (1.5625 + 5.0625) / 2.
        var loss = torch.linear(x, w, bias).square().mean();
        loss.backward();

        Assert.Equal(3.3125, loss.item(), 6);
        // dloss/dy = y (2 / 2): [-1.25, -2.25]; dw = yT x = [-1.25 - 6.75, -2.5 - 9].
        Assert.Equal([-8f, -11.5f], w.grad()!.ToArray<float>());
        Assert.Equal([-3.5f], bias.grad()!.ToArray<float>());
        Assert.Null(x.grad());
    }

    [Fact]
    public void Gradients_accumulate_until_they_are_dropped()
    {
        using var scope = new TensorScope();
        var a = torch.tensor<float>([3]).requires_grad_();
        var b = torch.tensor<float>([5]).requires_grad_();
        (a * b).sum().backward();
        (a * b).sum().backward();
        Assert.Equal(10, a.grad()!.item());
        Assert.Equal(6, b.grad()!.item());

        torch.zero_grad([a, b]);

        Assert.Null(a.grad());
        Assert.Null(b.grad());
    }

    [Fact]
    public void Clipped_and_compared_values_pass_gradients_only_where_they_are_chosen()
    {
        using var scope = new TensorScope();
        var x = torch.tensor<float>([-2, 0.5f, 3]).requires_grad_();
        var chosen = torch.where(x.gt(0), x.clamp(0, 1), 4.0 * x);
        Assert.Equal([-8f, 0.5f, 1f], chosen.ToArray<float>());

        chosen.sum().backward();

        Assert.Equal([4f, 1f, 0f], x.grad()!.ToArray<float>());
    }

    [Fact]
    public void Log_softmax_gather_gives_softmax_minus_one_hot()
    {
        using var scope = new TensorScope();
        var logits = torch.tensor<double>([0, Math.Log(3)], [1, 2]).requires_grad_();
        var target = torch.tensor<long>([1], [1, 1]);

        var loss = -logits.log_softmax(-1).gather(1, target).sum();
        loss.backward();

        // Probabilities are 1/4 and 3/4.
        Assert.Equal(-Math.Log(0.75), loss.item(), 12);
        var gradient = logits.grad()!.ToArray<double>();
        Assert.Equal(0.25, gradient[0], 12);
        Assert.Equal(-0.25, gradient[1], 12);
    }

    [Fact]
    public void Backward_from_a_given_gradient_weights_each_output()
    {
        using var scope = new TensorScope();
        var x = torch.tensor<float>([1, 2, 3]).requires_grad_();
        x.square().backward(torch.tensor<float>([1, 10, 100]));
        Assert.Equal([2f, 40f, 600f], x.grad()!.ToArray<float>());
    }

    [Fact]
    public void Embedding_gradient_adds_up_over_repeated_rows()
    {
        using var scope = new TensorScope();
        var table = torch.tensor<float>([1, 2, 3, 4, 5, 6], [3, 2]).requires_grad_();
        var rows = torch.embedding(table, torch.tensor<long>([2, 0, 2]));
        Assert.Equal([5f, 6f, 1f, 2f, 5f, 6f], rows.ToArray<float>());

        rows.sum().backward();

        Assert.Equal([1f, 1f, 0f, 0f, 2f, 2f], table.grad()!.ToArray<float>());
    }

    [Fact]
    public void No_grad_is_restored_when_the_body_throws()
    {
        Assert.True(torch.is_grad_enabled());
        Assert.Throws<InvalidDataException>(FailWithoutGrad);
        Assert.True(torch.is_grad_enabled());

        static void FailWithoutGrad()
        {
            using var off = torch.no_grad();
            Assert.False(torch.is_grad_enabled());
            throw new InvalidDataException();
        }
    }

    [Fact]
    public void Grad_modes_nest_and_a_second_dispose_changes_nothing()
    {
        var off = torch.no_grad();
        using (torch.set_grad_enabled(true))
        {
            using var scope = new TensorScope();
            Assert.True((torch.ones([1]).requires_grad_() * 2.0).requires_grad);
        }

        Assert.False(torch.is_grad_enabled());
        off.Dispose();
        using (torch.no_grad())
        {
            off.Dispose();
            Assert.False(torch.is_grad_enabled());
        }

        Assert.True(torch.is_grad_enabled());
    }

    [Fact]
    public void Backward_without_a_recorded_graph_is_refused()
    {
        using var scope = new TensorScope();
        Tensor product;
        using (torch.no_grad())
        {
            product = torch.ones([1]).requires_grad_() * 2.0;
        }

        Assert.False(product.requires_grad);
        var error = Assert.Throws<TorchException>(product.backward);
        Assert.Equal("rl_tensor_backward", error.Export);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Writing_into_a_parameter_is_not_recorded()
    {
        using var scope = new TensorScope();
        var weight = torch.zeros([2]).requires_grad_();
        weight.CopyFrom<float>([3, 4]);
        weight.square().sum().backward();
        Assert.Equal([6f, 8f], weight.grad()!.ToArray<float>());
    }
}
