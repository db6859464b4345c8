using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Runner.Bench;
using Paws.Runner.Reporting;
using Paws.Runner.Training;
using TorchSharp;

namespace Paws.Runner.Commands;

/// <summary><c>paws bench step</c>: seconds and memory of a training step, the data pipeline left out.</summary>
internal static class BenchStepCommand
{
    public static Command Create(CommandHost host)
    {
        var defaults = new StepBenchOptions();
        var arch = new Option<string>("--arch")
        {
            Description = "Encoder: wrnD-W, resnet50, resnet50w2 or resnet50w4.",
            HelpName = "NAME",
            DefaultValueFactory = _ => defaults.Arch,
        };
        var batch = Number("--batch", "Unlabeled images a step.", defaults.Batch);
        var classes = Number("--classes", "Classes of the supports.", defaults.Classes);
        var perClass = Number("--per-class", "Labeled images a class.", defaults.PerClass);
        var views = Number("--views", "Views of each labeled image.", defaults.Views);
        var size = Number("--size", "Edge of the large views in pixels.", defaults.Size);
        var crops = Number("--crops", "Small views of each unlabeled image.", defaults.Crops);
        var cropSize = Number("--crop-size", "Edge of the small views in pixels.", defaults.CropSize);
        var width = Number("--out", "Width of the embedding.", defaults.Out);
        var predictor = new Option<bool>("--predictor") { Description = "With a prediction head." };
        var precision = new Option<Precision>("--precision")
        {
            Description = "Type of convolutions: auto (bf16 where the hardware has it), bf16 or fp32.",
            HelpName = "TYPE",
        };
        var steps = Number("--steps", "Steps that are timed.", defaults.Steps);
        var warmup = Number("--warmup", "Steps before them.", defaults.Warmup);
        var profile = new Option<bool>("--profile") { Description = "Mark the last step for a profiler: ncu --profile-from-start off." };
        var threads = Number("--threads", "Threads of libtorch; 0 takes all cores.", defaults.Threads);
        var common = new CommonOptions();
        var command = new VerbCommand(
            "step",
            "Time the training step on images that are already on the device: forward, loss, backward, optimiser.",
            new Example("The CIFAR-10 recipe at a quarter of its size", "paws bench step --batch 64 --per-class 16"),
            new Example(
                "The ImageNet recipe, a small batch",
                "paws bench step --arch resnet50 --batch 8 --per-class 1 --size 224 --crop-size 96 --predictor"
            ),
            new Example("For a script", "paws bench step --json")
        );
        Option[] options =
        [
            arch,
            batch,
            classes,
            perClass,
            views,
            size,
            crops,
            cropSize,
            width,
            predictor,
            common.Device,
            precision,
            steps,
            warmup,
            profile,
            threads,
            common.Json,
        ];
        foreach (var option in options)
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            var console = host.Console(parse.GetValue(common.Json));
            var work = new StepBenchOptions
            {
                Arch = parse.GetValue(arch)!,
                Batch = AtLeast(1, batch),
                Classes = AtLeast(2, classes),
                PerClass = AtLeast(1, perClass),
                Views = AtLeast(1, views),
                Size = AtLeast(4, size),
                Crops = AtLeast(0, crops),
                CropSize = AtLeast(4, cropSize),
                Out = AtLeast(1, width),
                Predictor = parse.GetValue(predictor),
                Device = parse.GetValue(common.Device) ?? defaults.Device,
                Precision = parse.GetValue(precision),
                Steps = AtLeast(1, steps),
                Warmup = AtLeast(0, warmup),
                Profile = parse.GetValue(profile),
                Threads = AtLeast(0, threads),
            };
            int AtLeast(int least, Option<int> option)
            {
                int value = parse.GetValue(option);
                return value >= least ? value : throw new UserErrorException($"{option.Name} must be at least {least}, got {value}");
            }
            using var bench = new StepBench(work);
            var result = Measure(bench, work, console, host.Stop);
            console.WriteResult(result);
            return 0;
        });
        return command;
    }

    private static JsonObject Measure(StepBench bench, StepBenchOptions work, CommandConsole console, CancellationToken stop)
    {
        var seconds = new List<double>();
        double loss = double.NaN;
        using (var view = ConsoleProgress.Create(console.People))
        using (var progress = new CountingProgress(view, "steps"))
        {
            int total = work.Warmup + work.Steps;
            for (int step = 0; step < total; step++)
            {
                stop.ThrowIfCancellationRequested();
                var (time, value) = bench.Step(last: step + 1 == total);
                loss = value ?? loss;
                if (step >= work.Warmup)
                {
                    seconds.Add(time);
                }
                progress.Report(step + 1, total);
            }
        }
        double median = Median.Of(seconds);
        double gflops = bench.ConvolutionFlops / median / 1e9;
        console.Say(
            FormattableString.Invariant($"{work.Arch}, {work.Batch} images, {work.AllViews} views a step, ")
                + $"{Hardware.Describe(bench.Device, bench.ComputeType)}"
        );
        console.Say(
            FormattableString.Invariant(
                $"{median:0.0000} s a step (median of {seconds.Count}; {seconds[0]:0.0000} to {seconds[^1]:0.0000}), "
            )
                + FormattableString.Invariant($"{work.Batch / median:0.0} images/s, {work.AllViews / median:0.0} views/s, ")
                + FormattableString.Invariant($"{gflops:0} GFLOP/s in convolutions")
        );
        return new JsonObject
        {
            ["peer"] = $"paws {CommandLine.Version}",
            ["style"] = "paws",
            ["device"] = bench.Device.type == DeviceType.CPU ? "cpu" : bench.Device.ToString(),
            ["precision"] = bench.ComputeType == torch.ScalarType.BFloat16 ? "bf16" : "fp32",
            ["threads"] = torch.get_num_threads(),
            ["arch"] = work.Arch,
            ["batch"] = work.Batch,
            ["seconds_per_step"] = Math.Round(median, 5),
            ["images_per_second"] = Math.Round(work.Batch / median, 2),
            ["views_per_second"] = Math.Round(work.AllViews / median, 1),
            ["loss"] = Math.Round(loss, 4),
            ["peak_memory_mb"] = Math.Round(Hardware.PeakMemoryMb),
            ["convolution_gflops"] = Math.Round(gflops, 1),
        };
    }

    private static Option<int> Number(string name, string description, int otherwise) =>
        new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => otherwise,
        };
}
