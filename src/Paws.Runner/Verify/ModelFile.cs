using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Verify;

/// <summary>
/// models.json: encoders filled by a formula and run on images made by a formula (evaluation, and one training pass with its
/// gradients and running statistics), in float64.
/// </summary>
internal static class ModelFile
{
    private const double Bound = 1e-9;

    /// <summary>One case: a comparison of the parameters' names, of evaluation, and of training.</summary>
    public static IEnumerable<Comparison> Check(string file, GoldenJson golden, torch.Device device)
    {
        string tag = $"{golden["model"].Text} ({golden["tag"].Text})";
        yield return Names(file, golden, tag);
        yield return Evaluation(file, golden, device, tag);
        yield return Training(file, golden, device, tag);
    }

    private static Comparison Names(string file, GoldenJson golden, string tag)
    {
        using var encoder = Create(golden, torch.CPU);
        var largest = new Largest();
        var expected = golden["parameters"].Items.Select(p => (p.Items[0].Text, string.Join(',', p.Items[1].Numbers)));
        var actual = encoder.NamedParameters().Select(p => (p.Name, string.Join(',', p.Value.shape)));
        if (!expected.SequenceEqual(actual))
        {
            largest.Add("names and shapes of parameters", double.PositiveInfinity);
        }
        if (!golden["buffers"].Items.Select(b => b.Text).SequenceEqual(encoder.NamedBuffers().Select(b => b.Name)))
        {
            largest.Add("names of buffers", double.PositiveInfinity);
        }
        largest.Add("parameter count", golden["parameter_count"].Number, encoder.NamedParameters().Sum(p => p.Value.numel()));
        return new Comparison(file, $"{tag}, names", largest.Error, 0, largest.What);
    }

    private static Comparison Evaluation(string file, GoldenJson golden, torch.Device device, string tag)
    {
        using var scope = torch.NewDisposeScope();
        using var frozen = torch.no_grad();
        using var encoder = Filled(golden, device);
        encoder.Eval();
        var (h, z) = encoder.Forward(Groups(golden, device, moved: false));
        var largest = new Largest();
        Output(largest, "before head", golden["eval"]["before_head"], h);
        Output(largest, "after head", golden["eval"]["after_head"], z);
        return new Comparison(file, $"{tag}, evaluation", largest.Error, Bound, largest.What);
    }

    private static Comparison Training(string file, GoldenJson golden, torch.Device device, string tag)
    {
        var largest = new Largest();
        Compare(largest, golden, OnePass(golden, device, moved: false));
        double bound = Bound;
        string? note = null;
        if (largest.Error > Bound)
        {
            // Batch statistics over few values, many layers deep, enlarge what rounding does. How much is measured: pixels that
            // differ by one unit in the last place are as right as these, so what they change cannot be told from an error.
            // Rounding happens in every layer and not only in the pixels, which the factor allows for.
            const double roundingsBesideThePixels = 10;
            double noise = Difference(OnePass(golden, device, moved: false), OnePass(golden, device, moved: true));
            bound = Math.Max(Bound, roundingsBesideThePixels * noise);
            note = $"one unit in the last place of the pixels moves it by {noise:0.0e+0}";
        }
        return new Comparison(file, $"{tag}, training", largest.Error, bound, largest.What, note);
    }

    /// <summary>Everything a training pass is compared by.</summary>
    private sealed record Pass(
        long[] HeadShape,
        double[] BeforeHead,
        long[] OutputShape,
        double[] AfterHead,
        Dictionary<string, double> GradientNorms,
        Dictionary<string, double[]> Statistics
    );

    private static Pass OnePass(GoldenJson golden, torch.Device device, bool moved)
    {
        using var scope = torch.NewDisposeScope();
        using var encoder = Filled(golden, device);
        using var flat = new FlatParameters(encoder.NamedParameters());
        encoder.Train();
        var (h, z) = encoder.Forward(Groups(golden, device, moved));
        var index = torch.arange(z.numel(), dtype: torch.float64).to(device).reshape(z.shape);
        z.mul(index.cos()).sum().backward();
        var norms = flat.Segments.ToDictionary(s => s.Name, s => Largest.Values(flat.View(flat.Gradients, s).norm())[0]);
        var statistics = encoder
            .NamedBuffers()
            .Where(b => b.Value.dtype == torch.float64)
            .ToDictionary(b => b.Name, b => new[] { Largest.Values(b.Value.mean())[0], Largest.Values(b.Value.norm())[0] });
        return new Pass(h.shape, Largest.Values(h), z.shape, Largest.Values(z), norms, statistics);
    }

    private static void Compare(Largest largest, GoldenJson golden, Pass pass)
    {
        Output(largest, "before head", golden["train"]["before_head"], pass.HeadShape, pass.BeforeHead);
        Output(largest, "after head", golden["train"]["after_head"], pass.OutputShape, pass.AfterHead);
        var expectedNorms = golden["grad_norms"].Entries.Select(e => (e.Key, Value: e.Value.Number)).ToList();
        double biggest = expectedNorms.Max(e => e.Value);
        foreach (var (name, expected) in expectedNorms)
        {
            double actual = pass.GradientNorms.TryGetValue(name, out double norm) ? norm : double.NaN;
            // A shift that a batch-norm removes has a gradient of rounding errors alone: it is compared with the largest.
            double scale = expected < 1e-10 * biggest ? biggest : expected;
            largest.Add($"gradient of {name}", Math.Abs(actual - expected) / scale);
        }
        foreach (var (name, expected) in golden["running_stats_after_one_forward"].Entries)
        {
            var actual = pass.Statistics.TryGetValue(name, out var found) ? found : [double.NaN, double.NaN];
            largest.Add($"mean and norm of {name}", expected.Numbers, actual);
        }
    }

    private static double Difference(Pass a, Pass b)
    {
        var largest = new Largest();
        largest.Add("before head", a.BeforeHead, b.BeforeHead);
        largest.Add("after head", a.AfterHead, b.AfterHead);
        double biggest = a.GradientNorms.Values.Max();
        foreach (var (name, norm) in a.GradientNorms.Where(g => g.Value >= 1e-10 * biggest))
        {
            largest.Add(name, norm, b.GradientNorms[name]);
        }
        return largest.Error;
    }

    private static void Output(Largest largest, string what, GoldenJson expected, torch.Tensor actual) =>
        Output(largest, what, expected, actual.shape, Largest.Values(actual));

    private static void Output(Largest largest, string what, GoldenJson expected, long[] shape, double[] values)
    {
        if (!expected["shape"].Numbers.SequenceEqual(shape.Select(d => (double)d)))
        {
            largest.Add($"{what}: shape [{string.Join(',', shape)}]", double.PositiveInfinity);
            return;
        }
        var (first, last) = (expected["first8"].Numbers, expected["last4"].Numbers);
        double[] wanted = [.. first, .. last];
        double[] found = [.. values.Take(first.Length), .. values.TakeLast(last.Length)];
        double norm = Math.Sqrt(values.Sum(v => v * v));
        largest.Add($"{what}: first and last", wanted, found);
        largest.Add($"{what}: norm", expected["norm"].Number, norm);
        // The mean of values of both signs may be far smaller than they are: it is compared with their size.
        double size = Math.Max(Math.Abs(expected["mean"].Number), norm / Math.Sqrt(values.Length));
        largest.Add($"{what}: mean", Math.Abs(values.Average() - expected["mean"].Number) / size);
    }

    private static Encoder Create(GoldenJson golden, torch.Device device)
    {
        var names = golden["parameters"].Items.Select(p => (Name: p.Items[0].Text, Shape: p.Items[1].Numbers)).ToList();
        // The width of the embedding is that of the last layer of the projection head.
        int width = (int)(names.LastOrDefault(p => p.Name.StartsWith("fc.", StringComparison.Ordinal)).Shape ?? [128])[0];
        bool predicts = names.Exists(p => p.Name.StartsWith("pred.", StringComparison.Ordinal));
        int layers = names.Exists(p => p.Name.StartsWith("fc.fc2.", StringComparison.Ordinal)) ? 3 : 2;
        var encoder = EncoderModule.create(new EncoderSpec(golden["model"].Text, width, layers, predicts), 0);
        encoder.To(device, torch.float64);
        return encoder;
    }

    /// <summary>
    /// For the entry named n and flat index i, s = sin(0.1·i + h(n) + offset), h the sum of the character codes modulo 97:
    /// running means 0.05·s, running variances 1 + 0.1·s, matrices s·√(2 / elements of an output row), batch-norm weights
    /// 1 + 0.1·s, all else 0.01·s.
    /// </summary>
    private static Encoder Filled(GoldenJson golden, torch.Device device)
    {
        var encoder = Create(golden, device);
        double offset = golden["offset"].Number;
        using var frozen = torch.no_grad();
        foreach (var named in encoder.NamedParameters().Concat(encoder.NamedBuffers()))
        {
            var (name, tensor) = (named.Name, named.Value);
            if (tensor.dtype == torch.int64)
            {
                continue;
            }
            double phase = name.Sum(c => c) % 97 + offset;
            bool batchNormWeight =
                name.EndsWith(".weight", StringComparison.Ordinal)
                && (name.Contains("bn", StringComparison.Ordinal) || name.EndsWith("downsample.1.weight", StringComparison.Ordinal));
            var (start, factor) =
                name.EndsWith("running_mean", StringComparison.Ordinal) ? (0.0, 0.05)
                : name.EndsWith("running_var", StringComparison.Ordinal) ? (1.0, 0.1)
                : tensor.Dimensions >= 2 ? (0.0, Math.Sqrt(2.0 / (tensor.numel() / tensor.shape[0])))
                : batchNormWeight ? (1.0, 0.1)
                : (0.0, 0.01);
            using var scope = torch.NewDisposeScope();
            var sine = Scalars.shift(phase, Scalars.multiply(0.1, Count(tensor.numel()))).sin();
            tensor.copy_(Scalars.shift(start, Scalars.multiply(factor, sine)).reshape(tensor.shape));
        }
        return encoder;
    }

    /// <summary>
    /// 0, 1, … in float64. All that follows is computed by libtorch, whose sine the files were made with: another library's
    /// differs in the last place, which a deep encoder in training enlarges ten thousand million times.
    /// </summary>
    private static torch.Tensor Count(long count)
    {
        using var whole = Scalars.range(count, torch.CPU);
        return whole.to(torch.float64);
    }

    /// <summary>
    /// The images of each resolution, in order of appearance: with t counting through a group, sin(0.013·t + offset) +
    /// 0.5·cos(0.0007·t² mod 6.283); moved by about a unit in the last place where asked for.
    /// </summary>
    private static torch.Tensor[] Groups(GoldenJson golden, torch.Device device, bool moved)
    {
        double offset = golden["offset"].Number;
        var groups = golden["inputs"].Items.Select(g => (Count: g["count"].Whole, Size: g["size"].Whole)).ToList();
        return
        [
            .. groups
                .Select(g => g.Size)
                .Distinct()
                .Select(size => torch.cat([.. groups.Where(g => g.Size == size).Select(g => Images(g.Count, size))], 0).to(device)),
        ];

        torch.Tensor Images(int count, int size)
        {
            var t = Count(3L * count * size * size);
            using var period = 6.283.ToScalar();
            var slow = Scalars.shift(offset, Scalars.multiply(0.013, t)).sin();
            var quick = Scalars.multiply(0.5, Scalars.multiply(0.0007, t).mul(t).fmod(period).cos());
            var pixels = Scalars.add(slow, quick).reshape(count, 3, size, size);
            return moved ? Scalars.multiply(Math.BitIncrement(1.0), pixels) : pixels;
        }
    }
}
