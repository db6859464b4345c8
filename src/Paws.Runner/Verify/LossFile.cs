using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Verify;

/// <summary>losses.json: values and gradients of PAWS, SuNCEt, and NT-Xent with detached negatives.</summary>
internal static class LossFile
{
    private const double Bound = 1e-10;

    /// <summary>One case.</summary>
    public static Comparison Check(string file, GoldenJson golden, torch.Device device)
    {
        using var scope = torch.NewDisposeScope();
        string kind = golden["kind"].Text;
        var largest = new Largest();
        switch (kind)
        {
            case "paws":
                Paws(golden, device, largest);
                break;
            case "suncet":
                OfEmbeddings(golden, device, largest, (tau, z) => SuncetLoss.evaluate(tau, z, golden["labels"].Matrix(device)));
                break;
            case "simclr_detached_negatives":
                OfEmbeddings(golden, device, largest, NtXentLoss.evaluateDetachedNegatives);
                break;
            default:
                throw golden.Bad($"is of kind \"{kind}\"; known are paws, suncet and simclr_detached_negatives");
        }
        return new Comparison(file, $"{kind} {golden.Optional("name")?.Text}", largest.Error, Bound, largest.What);
    }

    private static void Paws(GoldenJson golden, torch.Device device, Largest largest)
    {
        var expected = golden["expected"];
        var options = PawsLossOptions.Create(golden["tau"].Number, golden["sharpen"].Number, golden["me_max"].Flag);
        var (anchors, supports) = (Leaf(golden["anchor_views"], device), Leaf(golden["anchor_supports"], device));
        var (targets, targetSupports) = (Leaf(golden["target_views"], device), Leaf(golden["target_supports"], device));
        var result = PawsLoss.evaluate(options, anchors, supports, golden["support_labels"].Matrix(device), targets, targetSupports);
        result.Total.backward();
        largest.Add("cross-entropy", expected["cross_entropy"].Number, Number(result.CrossEntropy));
        largest.Add("ME-Max", expected["me_max"].Number, Number(result.MeMax));
        largest.Add("total", expected["total"].Number, Number(result.Total));
        largest.Add("gradient by anchors", expected["grad_anchor_views"].Flat, Gradient(anchors));
        largest.Add("gradient by supports", expected["grad_anchor_supports"].Flat, Gradient(supports));
        // The published code passes no gradient to targets: any that arrives is wrong.
        if (targets.grad is not null || targetSupports.grad is not null)
        {
            largest.Add("gradient by targets", double.PositiveInfinity);
        }
    }

    private static void OfEmbeddings(GoldenJson golden, torch.Device device, Largest largest, Func<double, torch.Tensor, torch.Tensor> loss)
    {
        var embeddings = Leaf(golden["embeddings"], device);
        var value = loss(golden["tau"].Number, embeddings);
        value.backward();
        largest.Add("loss", golden["expected"]["loss"].Number, Number(value));
        largest.Add("gradient", golden["expected"]["grad"].Flat, Gradient(embeddings));
    }

    private static torch.Tensor Leaf(GoldenJson matrix, torch.Device device) => matrix.Matrix(device).requires_grad_();

    private static torch.Tensor Gradient(torch.Tensor leaf) => leaf.grad ?? torch.zeros_like(leaf);

    private static double Number(torch.Tensor scalar) => Largest.Values(scalar)[0];
}
