using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Data.Loading;
using Paws.Runner.Bench;
using TorchSharp;

namespace Paws.Runner.Commands;

/// <summary><c>paws bench augment</c>: views a second of the input pipeline, on one thread.</summary>
internal static class BenchAugmentCommand
{
    public static Command Create(CommandHost host)
    {
        var kind = new Argument<string>("recipe") { Description = "cifar10 or imagenet.", HelpName = "RECIPE" };
        var folder = new Argument<string>("dir") { Description = "Folder that is searched for image files.", HelpName = "DIR" };
        var count = new Option<int>("--count")
        {
            Description = "Images, the first by name.",
            HelpName = "N",
            DefaultValueFactory = _ => 200,
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "How long to measure, after as long a warm-up; passes over the images are whole.",
            HelpName = "S",
            DefaultValueFactory = _ => 2,
        };
        var precision = new Option<Precision>("--precision")
        {
            Description = "Type of the pixels written: auto (bf16 where the hardware has it), bf16 or fp32.",
            HelpName = "TYPE",
        };
        var full = new Option<bool>("--full-decode") { Description = "Decode large JPEG files at their full size." };
        var json = new CommonOptions().Json;
        var command = new VerbCommand(
            "augment",
            "Time the making of views on one thread: two large and six small ones of each image, decoded, cropped, resized, "
                + "coloured, normalised and written where a batch lies.",
            new Example("CIFAR-10's recipe, images decoded beforehand", "paws bench augment cifar10 cifar10/train"),
            new Example("ImageNet's recipe from JPEG files", "paws bench augment imagenet photos/"),
            new Example("In single precision, for a script", "paws bench augment imagenet photos/ --precision fp32 --json")
        );
        command.Add(kind);
        command.Add(folder);
        foreach (Option option in (Option[])[count, seconds, precision, full, json])
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            int images = parse.GetValue(count);
            double least = parse.GetValue(seconds);
            if (images < 1)
            {
                throw new UserErrorException($"--count must be at least 1, got {images}");
            }
            if (!(least is >= 0 and <= 3600))
            {
                throw new UserErrorException(FormattableString.Invariant($"--seconds must be in [0, 3600], got {least}"));
            }
            var type = parse.GetValue(precision).IsBf16(DeviceType.CPU) ? PixelType.BFloat16 : PixelType.Float32;
            string recipe = parse.GetValue(kind)!;
            using var bench = new AugmentBench(recipe, parse.GetValue(folder)!, images, type, !parse.GetValue(full));
            int number = 0;
            // The runtime compiles what is called often once more, meanwhile.
            Passes(bench, least, ref number, host.Stop);
            var (passes, time) = Passes(bench, least, ref number, host.Stop);
            double rate = passes * bench.Images / time;
            var console = host.Console(parse.GetValue(json));
            console.Say(
                FormattableString.Invariant(
                    $"{recipe}, {bench.Images} images, {passes} passes in {time:0.00} s on one thread: {rate:0.0} images/s, {rate * AugmentBench.Views:0} views/s"
                )
            );
            console.WriteResult(
                new JsonObject
                {
                    ["peer"] = $"paws {CommandLine.Version}",
                    ["recipe"] = recipe,
                    ["cores"] = 1,
                    ["precision"] = type == PixelType.BFloat16 ? "bf16" : "fp32",
                    ["images"] = bench.Images,
                    ["passes"] = passes,
                    ["seconds"] = Math.Round(time, 6),
                    ["images_per_second"] = Math.Round(rate, 1),
                    ["views_per_second"] = Math.Round(rate * AugmentBench.Views, 1),
                }
            );
            return 0;
        });
        return command;
    }

    /// <summary>Whole passes, at least one, until the time is over.</summary>
    private static (int Passes, double Seconds) Passes(AugmentBench bench, double least, ref int number, CancellationToken stop)
    {
        int passes = 0;
        double time = 0;
        do
        {
            stop.ThrowIfCancellationRequested();
            time += bench.Pass(number++);
            passes++;
        } while (time < least);
        return (passes, time);
    }
}
