using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Data.Datasets;
using Paws.Runner.Config;

namespace Paws.Runner.Commands;

/// <summary><c>paws data make</c>: the built-in set as files, to look at or to train other programs on.</summary>
internal static class DataMakeCommand
{
    public static Command Create(CommandHost host)
    {
        var defaults = new DataSection();
        var folder = new Argument<string>("dir") { Description = "A folder that does not exist yet.", HelpName = "DIR" };
        var train = Count("--train", "Training images.", defaults.ShapesTrain);
        var test = Count("--test", "Test images.", defaults.ShapesTest);
        var known = new Option<int?>("--known")
        {
            Description =
                "Classes that are known, the first N of the ten. Training images of the others go into unlabeled/, their test images "
                + "are left out. Default: all.",
            HelpName = "N",
        };
        var seed = Count("--seed", "Seed of the images; 0 gives those that paws train uses.", 0);
        var json = new CommonOptions().Json;
        var command = new VerbCommand(
            "make",
            "Write the built-in data set as PNG files: train/ and test/ with a folder for each class.",
            new Example("The images that paws train uses", "paws data make shapes/"),
            new Example("A small one", "paws data make shapes-small/ --train 200 --test 100"),
            new Example("Six known classes; images of the other four without a class", "paws data make shapes-open/ --known 6")
        );
        command.Add(folder);
        foreach (var option in (Option[])[train, test, known, seed, json])
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            string target = parse.GetValue(folder)!;
            var console = host.Console(parse.GetValue(json));
            var shapes = BuiltInShapes.Open(parse.GetValue(train), parse.GetValue(test), parse.GetValue(seed));
            using var data = parse.GetValue(known) is { } count ? OpenSet.Of(shapes, count) : shapes;
            DataSource.Write(data, target, console, host.Stop);
            console.Say($"{DataSource.Count(data)} are in {target}");
            console.WriteResult(
                new JsonObject
                {
                    ["directory"] = Path.GetFullPath(target),
                    ["train"] = data.Train.Count,
                    ["without_class"] = data.WithoutClass,
                    ["test"] = data.Test.Count,
                }
            );
            return 0;
        });
        return command;
    }

    private static Option<int> Count(string name, string description, int otherwise) =>
        new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => otherwise,
        };
}
