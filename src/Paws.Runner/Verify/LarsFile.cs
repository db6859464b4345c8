using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Verify;

/// <summary>lars.json: parameters after each of some LARS steps.</summary>
internal static class LarsFile
{
    /// <summary>One case.</summary>
    public static Comparison Check(string file, GoldenJson golden, int number, torch.Device device)
    {
        using var scope = torch.NewDisposeScope();
        bool nesterov = golden["nesterov"].Flag;
        var options = new LarsOptions(
            golden["momentum"].Number,
            golden["weight_decay"].Number,
            nesterov,
            useLars: true,
            golden["trust_coefficient"].Number,
            LarsOptions.Default.Epsilon
        );
        var parameters = golden["initial"]
            .Entries.Select(entry => new NamedTensor(entry.Key, Tensor(entry.Value, device).requires_grad_()))
            .ToList();
        using var flat = new FlatParameters(parameters);
        using var lars = new Lars(flat, options);
        double rate = golden["lr"].Number;
        var largest = new Largest();
        int step = 0;
        foreach (var expected in golden["steps"].Items)
        {
            step++;
            foreach (var segment in flat.Segments)
            {
                using var place = flat.View(flat.Gradients, segment);
                place.copy_(Tensor(expected[$"grad_{segment.Name}"], device));
            }
            lars.Step(rate);
            foreach (var segment in flat.Segments)
            {
                largest.Add($"{segment.Name}, step {step}", expected[segment.Name].Flat, flat.View(flat.Values, segment));
            }
        }
        return new Comparison(file, $"{number}: {step} steps{(nesterov ? ", Nesterov" : "")}", largest.Error, 1e-10, largest.What);
    }

    /// <summary>A vector or a matrix: the dimensions decide whether LARS adapts.</summary>
    private static torch.Tensor Tensor(GoldenJson json, torch.Device device) =>
        json.IsMatrix ? json.Matrix(device) : torch.tensor(json.Numbers, dtype: torch.float64).to(device);
}
